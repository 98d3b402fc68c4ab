package peer

import (
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/internal/random"
	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/link"
	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/negotiation/trace"
)

const (
	maxStartingOver = 5                // consecutive connections that may fail
	absentFor       = 10 * time.Second // delay before an unreachable peer is forgotten
	maxAbsent       = 8                // unreachable peers that are kept; a visitor that keeps coming with a new key leaves one each time
)

// remote is another member of the room.
type remote struct {
	peer           *Peer
	id             string
	plain          bool // a page without sessions
	polite         bool // our role towards it
	present        bool // it is connected to the relay
	met            time.Time
	link           *link.End[signaling.Envelope]
	retransmission retransmission
	pairing        *pairing // nil: none
	life           uint64   // number of the pairing, or of the last one
	failed         int      // consecutive connections that failed
	leaving        timer    // set: it is unreachable
	later          timer    // set: a plain page waits to be paired

	// Of a plain page.
	kept     []signaling.Envelope // messages that came before it may be paired
	keptSize int                  // bytes
	again    bool                 // the previous connection had begun: make an offer
}

func newRemote(p *Peer, id string) *remote {
	r := &remote{peer: p, id: id, link: link.New[signaling.Envelope](newSession), met: time.Now()}
	r.retransmission = newRetransmission(r)
	return r
}

func newSession() string {
	return hex.EncodeToString(random.Bytes(8))
}

// received handles an envelope from the remote peer.
func (r *remote) received(e signaling.Envelope) {
	if e.Session == "" {
		r.receivedPlain(e)
		return
	}
	if e.Hello != nil && e.Hello.Protocol < wire.MinProtocol {
		r.refuse(e.Hello.Protocol)
		return
	}
	outcome := r.link.Receive(e.Frame(), r.peer.paired.may(r))
	if outcome.Dropped != "" {
		r.dropped(e, outcome.Dropped)
	}
	if outcome.Dropped == link.Hasty {
		r.peer.paired.refused()
	}
	if outcome.Bound {
		r.plain = false
		r.end(trace.NewSession)
		r.pair(e.Hello != nil && e.Hello.Trace)
		if e.Hello != nil {
			r.hello(*e.Hello)
		}
	}
	ours, theirs := r.link.Session()
	if outcome.Delivered {
		r.audit(trace.MessageReceived, identity(e), e)
	}
	switch {
	case e.Bye && e.PeerSession == ours && e.Session == theirs:
		r.end(trace.OtherLeft)
		r.link.Renew()
		r.retransmission.update()
		return
	case !outcome.Delivered || r.pairing == nil:
	case e.Request == wire.RequestRestart:
		r.pairing.recovery.Asked()
	case e.Request == wire.RequestOffer:
		r.pairing.offerRequested()
	case e.Refused != nil:
		r.refusedThere(*e.Refused)
	default:
		r.pairing.received(e)
	}
	r.flush()
}

// refuse drops a peer whose protocol is too old, without an answer. Its later
// messages are ignored.
func (r *remote) refuse(spoken int) {
	r.end(trace.OtherVersion)
	r.stop()
	r.tell(trace.Event{Kind: trace.PeerNotPaired, Code: wire.CodeBadProtocol, Detail: fmt.Sprintf(
		"it speaks protocol %d, and at least %d is needed here: update the program there, or reload its page", spoken, wire.MinProtocol)})
	delete(r.peer.remotes, r.id)
}

func (r *remote) hello(h wire.Hello) {
	if h.Protocol > wire.Protocol {
		r.tell(trace.Event{Kind: trace.ProtocolNewer, Detail: newer("the other side", h.Protocol)})
	}
	if ours := negotiation.Source; h.Source == ours {
		r.tell(trace.Event{Kind: trace.SourceSame, Detail: ours[:8]})
	} else {
		theirs := h.Source[:min(8, len(h.Source))]
		r.tell(trace.Event{Kind: trace.SourceDiffers, Detail: fmt.Sprintf("%s, here %s", theirs, ours[:8])})
	}
}

// reachable reports whether the relay passes our messages on.
func (r *remote) reachable() bool { return r.present && r.peer.online }

// flush sends the link's frames.
func (r *remote) flush() {
	for _, f := range r.link.Frames() {
		if r.reachable() && !r.plain {
			hello := wire.Hello{Source: negotiation.Source, Version: r.peer.config.Version, Protocol: wire.Protocol, Trace: r.peer.config.OnRemoteTrace != nil}
			err := r.transmit(signaling.Framed(f, hello)) // the link sends again what is lost
			if errors.Is(err, signaling.ErrTooLarge) {
				r.tell(trace.Event{Kind: trace.MessageLost, Code: trace.TooLarge, Err: err, Detail: err.Error()})
				r.startOver(trace.TooLarge, nil)
				return
			}
		}
	}
	r.retransmission.update()
}

// send sends an envelope to the session that is bound to ours, or to a plain page.
func (r *remote) send(e signaling.Envelope) {
	ours, _ := r.link.Session()
	id := trace.Message{Session: ours, Seq: r.link.Next(), Sent: true}
	var err error
	if r.plain {
		id = trace.Message{Sent: true}
		err = r.transmit(e)
	} else {
		err = r.link.Send(e)
	}
	if err == nil {
		r.audit(trace.MessageSent, id, e)
	} else {
		r.tell(trace.Event{Kind: trace.MessageLost, Code: lost(err), Err: err, Detail: err.Error()})
	}
	r.flush()
	if errors.Is(err, link.ErrFull) {
		r.renew(trace.Unacknowledged)
	}
}

// lost returns why a message could not be sent.
func lost(err error) trace.Code {
	switch {
	case errors.Is(err, link.ErrFull):
		return trace.Unacknowledged
	case errors.Is(err, signaling.ErrTooLarge):
		return trace.TooLarge
	}
	return trace.NotBound
}

// dropped traces a message that the link dropped.
func (r *remote) dropped(e signaling.Envelope, why link.Reason) {
	code := trace.Code(why)
	r.tell(trace.Event{Kind: trace.MessageDropped, Message: identity(e), Code: code, Detail: code.Words()})
}

// identity returns the identity of a received message.
func identity(e signaling.Envelope) trace.Message {
	return trace.Message{Type: typeOf(e), Session: e.Session, Seq: e.Seq}
}

func (r *remote) transmit(e signaling.Envelope) error {
	e.To = r.id
	return r.peer.transport.Send(e)
}

// pair begins a pairing. tells reports whether the other side exchanges traces.
func (r *remote) pair(tells bool) {
	r.peer.paired.begun(r)
	pairing, err := newPairing(r, tells)
	if err != nil {
		r.startOver(trace.CannotPair, err) // messages to this session would not be received
		return
	}
	r.pairing, r.life = pairing, pairing.life
	r.tell(trace.Event{Kind: trace.Paired, Detail: r.id})
	if r.peer.connect || r.again {
		r.again = false
		pairing.connect()
	}
	r.deliverKept()
}

// renew ends the pairing and requests another one.
func (r *remote) renew(why trace.Code) {
	r.end(why)
	r.link.Renew()
	r.flush()
	r.forgetIfGone()
}

// end ends the pairing, if there is one.
func (r *remote) end(why trace.Code) {
	if r.pairing == nil {
		return
	}
	ended := r.pairing
	ended.close()
	r.pairing = nil
	r.tell(trace.Event{Kind: trace.Unpaired, Code: why, Detail: why.Words()})
	ended.connectionEnded()
}

// forgetIfGone forgets the peer when neither the relay nor a connection has
// reached it for some time, or at once if there are many such peers.
func (r *remote) forgetIfGone() {
	reached := r.present || r.pairing != nil && r.pairing.connected
	switch {
	case reached:
		r.leaving.stop()
	case r.leaving.isSet():
	case r.pairing == nil || r.peer.absent() >= maxAbsent:
		r.forget()
	default:
		r.leaving.set(r.peer, absentFor, r.forget)
	}
}

// absent returns the number of unreachable peers.
func (p *Peer) absent() (n int) {
	for _, r := range p.remotes {
		if r.leaving.isSet() {
			n++
		}
	}
	return n
}

func (r *remote) forget() {
	r.end(trace.OtherGone)
	r.stop()
	r.tell(trace.Event{Kind: trace.PeerGone, Detail: r.id})
	delete(r.peer.remotes, r.id)
}

// stop stops the timers.
func (r *remote) stop() {
	r.retransmission.Stop()
	r.leaving.stop()
	r.later.stop()
}

// startOver replaces a connection that cannot go on, or could not be made.
func (r *remote) startOver(why trace.Code, err error) {
	r.again = r.plain && (r.again || r.pairing != nil && r.pairing.begun)
	r.end("")
	r.failed++
	r.link.Renew()
	if r.failed > maxStartingOver {
		r.tell(trace.Event{Kind: trace.GivenUp, Code: trace.CannotConnect, Err: err, Detail: fmt.Sprintf("%d connections in a row failed; reload to try again", r.failed)})
		r.link.Frames() // drop the greeting
		r.retransmission.update()
		return
	}
	e := trace.Event{Kind: trace.StartingOver, Code: why, Err: err}
	if err != nil {
		e.Detail = err.Error()
	}
	r.tell(e)
	if r.plain {
		r.pairPlain()
	} else {
		r.flush()
	}
}

// givenUp reports whether no connection is tried until the other side begins a
// session or either side reconnects to the relay.
func (r *remote) givenUp() bool { return r.failed > maxStartingOver && r.pairing == nil }

// sessionEnded is called when the Session of a pairing has ended by itself.
func (r *remote) sessionEnded(p *pairing) {
	switch {
	case r.pairing != p:
	case errors.Is(p.session.Err(), negotiation.ErrClosed):
		r.hungUp()
	default:
		why := trace.Wedged
		if errors.Is(p.session.Err(), negotiation.ErrFlood) {
			why = trace.TooManySources
		}
		r.startOver(why, nil)
		r.forgetIfGone()
	}
}

// tell traces an event of this peer, and returns its number.
func (r *remote) tell(e trace.Event) uint64 {
	e.Peer, e.Role = r.id, r.role()
	return r.peer.tell(e)
}

// role returns our role towards this peer.
func (r *remote) role() wire.Role {
	if r.polite {
		return wire.Polite
	}
	return wire.Impolite
}
