// Package link delivers messages between the sessions of two peers exactly once
// and in order, over a relay that may lose, repeat and delay them. It has no
// clock, no goroutine and no network: an [End] is a plain value, which a test can
// walk through every order of events.
//
// # Sessions
//
// A session is one life of one side, like its RTCPeerConnection: a new one
// begins when a page is loaded, a process starts, or a connection is given up.
// Two sessions are bound to each other, and each is never bound to another. An
// end tells its next session, the one that is not bound yet, to every session
// that greets it, and binds it to the first that names it:
//
//	A                                      B
//	hello s=a            ───────────────▶
//	                     ◀───────────────  hello s=b r=a
//	                                       A is bound to b: b has named a
//	hello s=a r=b ack=0  ───────────────▶
//	                                       B is bound to a, and knows that a is
//	                     ◀───────────────  s=b r=a ack=0
//
// Naming a session that was never told before proves that a peer is there now.
// So a late greeting, from a session that has ended, changes nothing: our
// answer to it gets no answer. When the other side begins a new session, so do
// we: our next session takes the place of the bound one.
//
// # Messages
//
// Messages are numbered from 1. Each is retransmitted until the other side
// acknowledges it or the binding ends. Acknowledgements are cumulative: n means
// that the messages up to n were delivered. They travel with messages, or alone
// after a while. The receiver delivers the message with the next number and drops
// all others.
//
// # Conversations
//
// The files in testdata are conversations for ends in other languages to be tested with. A
// line is an input of one end, or an output that follows from it:
//
//	< frame        comes from the other side
//	> frame        is sent to it, and no others are
//	= message      is delivered
//	+ bound        a binding begins
//	- reason       the frame is dropped, or the message not taken
//	send message   Send
//	again          Again
//	acknowledge    Acknowledge
//	renew          Renew
//	# comment
//
// Frames are JSON as on the wire, with the message as description. The sessions of the end
// are called a1, a2 and so on.
package link

import (
	"errors"
	"fmt"
	"slices"
)

// Window is the maximum of messages in flight, sent but not acknowledged. More
// wait their turn.
const Window = 64

const (
	maxWaiting = 1024 // messages
	maxSession = 64   // bytes
)

// Errors of [End.Send].
var (
	ErrUnbound = errors.New("link: no session of the other side is known")
	ErrFull    = errors.New("link: the other side acknowledges nothing")
)

// Frame is what one end sends to the other through the relay.
type Frame[M any] struct {
	Session     string // the sender's
	PeerSession string // the receiver's session; empty: not known to the sender
	Hello       bool   // the sender wants an answer
	Bound       bool   // the sender's session is bound to PeerSession, and Ack is valid
	Ack         uint64 // how many messages were delivered to the sender
	Seq         uint64 // the number of Message; 0: there is none
	Message     M
}

// Outcome is the result of receiving a frame.
type Outcome struct {
	Bound     bool   // a binding begins, and an earlier one is over
	Delivered bool   // the Message of the frame is for the application
	Dropped   Reason // why the frame was dropped; empty: it was not
}

// Reason says why a frame was dropped.
type Reason string

// The reasons.
const (
	Stale    Reason = "stale"    // of another session
	Repeated Reason = "repeated" // it came before
	Gap      Reason = "gap"      // one before it is missing
	Absurd   Reason = "absurd"   // its numbers cannot be
	Hasty    Reason = "hasty"    // a session began a moment ago
)

// End is one of the two ends. It is not safe for concurrent use.
type End[M any] struct {
	newSession func() string

	ours, theirs string // bound to each other; both empty: unbound
	sure         bool   // theirs has said that it is bound to ours
	next         string // ours that will be bound next; empty: not made yet
	greeter      string // the session of the other side that is told next; empty: not known

	acked   uint64 // how many of our messages were acknowledged
	waiting []M    // the others, oldest first
	sent    int    // how many of these were sent since Again
	got     uint64 // messages delivered

	greet bool // a greeting is to be sent
	owe   bool // an acknowledgement is to be sent eventually
	now   bool // a frame is to be sent now, even without a message
}

// New returns an end that is unbound. newSession makes names, which must be
// impossible to guess.
func New[M any](newSession func() string) *End[M] {
	return &End[M]{newSession: newSession, next: newSession(), greet: true}
}

// Session returns our session and that of the other side that is bound to it; both
// are empty if none is.
func (e *End[M]) Session() (ours, theirs string) { return e.ours, e.theirs }

// Clone returns a copy that takes the names of its sessions from newSession.
func (e *End[M]) Clone(newSession func() string) *End[M] {
	c := *e
	c.newSession = newSession
	c.waiting = slices.Clone(e.waiting)
	return &c
}

// String returns the whole state of the end but for the content of messages.
func (e *End[M]) String() string {
	flags := ""
	for _, flag := range []struct {
		name string
		is   bool
	}{{" sure", e.sure}, {" greet", e.greet}, {" owe", e.owe}, {" now", e.now}} {
		if flag.is {
			flags += flag.name
		}
	}
	return fmt.Sprintf("%s-%s next %s for %s, acked %d waiting %d sent %d got %d%s",
		e.ours, e.theirs, e.next, e.greeter, e.acked, len(e.waiting), e.sent, e.got, flags)
}

// Next returns the number of the message that [End.Send] takes next.
func (e *End[M]) Next() uint64 { return e.acked + uint64(len(e.waiting)) + 1 }

// Idle reports whether there is nothing to retransmit, however long it takes.
func (e *End[M]) Idle() bool { return e.theirs != "" && e.sure && len(e.waiting) == 0 }

// Waiting returns how many messages the other side has not acknowledged.
func (e *End[M]) Waiting() int { return len(e.waiting) }

// Owes reports whether [End.Acknowledge] has something to do.
func (e *End[M]) Owes() bool { return e.owe }

// Send queues a message for the other side.
func (e *End[M]) Send(m M) error {
	switch {
	case e.theirs == "":
		return ErrUnbound
	case len(e.waiting) == maxWaiting:
		return ErrFull
	}
	e.waiting = append(e.waiting, m)
	return nil
}

// Again makes [End.Frames] return everything that may have been lost. Call it
// when either side has connected to the relay, and now and then while the end
// is not [End.Idle].
func (e *End[M]) Again() {
	e.sent = 0
	e.greet = e.theirs == ""
	e.now = e.now || !e.sure && e.theirs != ""
}

// Acknowledge makes [End.Frames] return the acknowledgement that is owed. Call
// it a little after [End.Owes] becomes true: a message sent before that carries
// it.
func (e *End[M]) Acknowledge() { e.now = e.now || e.owe }

// Renew ends the binding. The next one is between new sessions of both sides.
func (e *End[M]) Renew() {
	e.ours, e.theirs, e.sure, e.waiting, e.owe, e.now = "", "", false, nil, false, false
	if e.next == "" {
		e.next = e.newSession()
	}
	e.greeter, e.greet = "", true
}

// Receive handles a frame of the other end. If mayBind is false no binding
// begins: the other side will try again.
func (e *End[M]) Receive(f Frame[M], mayBind bool) (o Outcome) {
	switch {
	case f.Session == "" || len(f.Session) > maxSession || f.Bound && f.PeerSession == "" || f.Seq > 0 && !f.Bound:
		return Outcome{Dropped: Absurd}
	case f.PeerSession != "" && f.PeerSession == e.next:
		if !mayBind {
			return Outcome{Dropped: Hasty}
		}
		e.bind(f.Session)
		o.Bound = true
	case f.PeerSession != "" && f.PeerSession != e.ours:
		return Outcome{Dropped: Stale}
	case f.Session != e.theirs:
		e.meet(f.Session)
		return Outcome{}
	case f.PeerSession == "":
		return Outcome{Dropped: Stale} // it has named our session since
	}
	o.Delivered, o.Dropped = e.take(f)
	return o
}

// meet prepares a greeting that tells our next session to one that is not bound
// to ours.
func (e *End[M]) meet(session string) {
	if e.next == "" {
		e.next = e.newSession()
	}
	e.greeter, e.greet = session, true
}

// bind binds the other side's session to our next one.
func (e *End[M]) bind(session string) {
	e.ours, e.theirs, e.next = e.next, session, ""
	e.sure, e.greet = false, false
	e.acked, e.waiting, e.sent, e.got = 0, nil, 0, 0
	e.now = true
}

// take handles a frame from theirs to ours.
func (e *End[M]) take(f Frame[M]) (delivered bool, dropped Reason) {
	if f.Bound {
		if f.Ack > e.acked+uint64(min(len(e.waiting), Window)) {
			return false, Absurd
		}
		e.sure = true
		if f.Ack > e.acked {
			n := int(f.Ack - e.acked)
			e.waiting, e.sent, e.acked = e.waiting[n:], max(0, e.sent-n), f.Ack
		}
	}
	e.now = e.now || f.Hello
	switch {
	case f.Seq == 0:
		return false, ""
	case f.Seq <= e.got:
		e.owe, e.now = true, true // the acknowledgement was lost
		return false, Repeated
	case f.Seq > e.got+Window:
		return false, Absurd
	case f.Seq > e.got+1:
		return false, Gap
	}
	e.got++
	e.owe = true
	return true, ""
}

// Frames returns the frames to send now.
func (e *End[M]) Frames() (list []Frame[M]) {
	if e.greet {
		e.greet = false
		list = append(list, Frame[M]{Session: e.next, PeerSession: e.greeter, Hello: true})
	}
	if e.theirs == "" {
		return list
	}
	frame := Frame[M]{Session: e.ours, PeerSession: e.theirs, Hello: !e.sure, Bound: true, Ack: e.got}
	for ; e.sent < min(len(e.waiting), Window); e.sent++ {
		f := frame
		f.Seq, f.Message = e.acked+uint64(e.sent)+1, e.waiting[e.sent]
		list = append(list, f)
		e.owe, e.now = false, false
	}
	if e.now {
		list = append(list, frame)
		e.owe, e.now = false, false
	}
	return list
}
