//go:build !js

package negotiation

import (
	"fmt"
	"slices"

	"perfect-negotiation/negotiation/signaling/link"
)

// linked is what an actor has whose messages go over a link, and so may be lost,
// repeated and late. An actor that crashes comes again with nothing but its
// identity and what its user wants.
type linked struct {
	end      *link.End[Message]
	frames   []link.Frame[Message] // on their way to it
	made     []string              // changes, which each connection gets
	sessions int                   // that were named
	said     []string              // messages, since it was bound
	heard    int                   // messages, since then
	tries    int                   // how often it has sent again since it was idle
	bindings int                   // that began
	name     string
}

// linkFaults is how often each thing may happen to the link, or any of them.
type linkFaults struct {
	cuts, losses, repeats, delays, crashes int
	mishaps                                int // of whatever kind
	hasty                                  int // bindings that come too soon after another
}

// of returns how many events of a kind may still happen; nil if none.
func (f *linkFaults) of(e event) *int {
	var n *int
	switch e {
	case cut:
		n = &f.cuts
	case loss:
		n = &f.losses
	case repetition:
		n = &f.repeats
	case delay:
		n = &f.delays
	case crash:
		n = &f.crashes
	}
	switch {
	case *n > 0:
		return n
	case f.mishaps > 0:
		return &f.mishaps
	}
	return nil
}

// newLinked begins after so many sessions.
func newLinked(me, sessions int) *linked {
	l := &linked{sessions: sessions, name: []string{"p", "i"}[me]}
	l.end = link.New[Message](l.session)
	return l
}

func (l *linked) session() string {
	l.sessions++
	return fmt.Sprint(l.name, l.sessions)
}

func (l *linked) clone() *linked {
	if l == nil {
		return nil
	}
	c := *l
	c.end = l.end.Clone(c.session)
	c.frames = l.frames[:len(l.frames):len(l.frames)]
	c.made, c.said = l.made[:len(l.made):len(l.made)], l.said[:len(l.said):len(l.said)]
	return &c
}

// linkMay reports whether an event of the link can happen now.
func (a *actor) linkMay(e event) bool {
	l := a.link
	if l == nil {
		return false
	}
	o := a.other().link
	silent := len(l.frames) == 0 && len(o.frames) == 0
	switch e {
	case delivery:
		return len(l.frames) > 0
	case acknowledgement: // after a short while
		return silent && l.end.Owes()
	case again: // after a long while
		return silent && !l.end.Idle() && !l.end.Owes() && !o.end.Owes()
	case cut:
		return a.w.of(e) != nil && !silent && a.me == 0
	case loss, repetition:
		return a.w.of(e) != nil && len(l.frames) > 0
	case delay:
		return a.w.of(e) != nil && len(l.frames) > 1
	case crash:
		return a.w.of(e) != nil
	}
	return false
}

func (a *actor) linkHappen(e event) {
	l, o := a.link, a.other()
	if e >= cut {
		*a.w.of(e)--
	}
	if e >= cut && e != crash {
		a.w.hits++
	}
	switch e {
	case acknowledgement:
		l.end.Acknowledge()
	case again:
		l.end.Again()
		l.tries++
		const enough = 4 // of each that has something to send
		if l.tries > enough && (o.link.end.Idle() || o.link.tries > enough) {
			a.violation("it sends again for ever: %v", l.end)
		}
		l.tries = min(l.tries, enough+1)
	case cut: // both connect to the relay again
		l.frames, o.link.frames = nil, nil
		l.end.Again()
		o.link.end.Again()
		o.flush()
	case loss:
		l.frames = l.frames[1:]
	case repetition: // late
		l.frames = append(l.frames, l.frames[0])
	case delay:
		l.frames = append(l.frames[1:], l.frames[0])
	case crash:
		a.w.crashed++
		made, sessions := l.made, l.sessions
		a.link = newLinked(a.me, sessions)
		a.link.made = made
		a.renew()
		o.link.end.Again() // the relay tells it
		o.flush()
	}
	a.flush()
}

// flush puts on the way what is to be sent.
func (a *actor) flush() {
	if a.link.end.Idle() {
		a.link.tries = 0
	}
	for _, f := range a.link.end.Frames() {
		if a.w.record != nil {
			a.note("%s ⟶", outlineOfFrame(f))
		}
		a.other().link.frames = append(a.other().link.frames, f)
	}
}

func outlineOfFrame(f link.Frame[Message]) string {
	text := fmt.Sprintf("%s→%s", f.Session, f.PeerSession)
	if f.Hello {
		text = "hello " + text
	}
	if f.Bound {
		text += fmt.Sprintf(" ack %d", f.Ack)
	}
	if f.Seq > 0 {
		text += fmt.Sprintf(" seq %d %s", f.Seq, contentOf(f.Message))
	}
	return text
}

func contentOf(m Message) string {
	if m.Description == nil {
		return "candidate " + candidateUfrag(*m.Candidate)
	}
	return m.Description.Type.String() + " " + outlineOf(*m.Description)
}

func (a *actor) linkSend(m Message) {
	l := a.link
	if err := l.end.Send(m); err != nil {
		a.violation("cannot send: %v", err)
	}
	l.said = append(l.said, contentOf(m))
	a.flush()
}

func (a *actor) linkDeliver() {
	l := a.link
	f := l.frames[0]
	l.frames = l.frames[1:]
	mayBind := a.w.hasty == 0 || a.w.choose(2) == 0
	outcome := l.end.Receive(f, mayBind)
	if outcome.Dropped == link.Hasty {
		a.note("· too soon to be bound again")
		a.w.hasty--
	}
	if outcome.Bound {
		l.said, l.heard = nil, 0
		// A crash costs one connection, or two if more than one other thing happens.
		most := 1 + a.w.crashed
		if a.w.hits > 1 {
			most += a.w.crashed
		}
		if l.bindings++; l.bindings > most {
			a.violation("a binding ended although nobody crashed: %v", l.end)
		}
		a.note("· bound: %v", l.end)
		a.renew()
		for _, what := range l.made {
			a.make(what)
		}
	}
	if outcome.Delivered {
		a.audit(f.Message)
		_ = a.s.Receive(f.Message)
	}
	a.flush()
}

// audit checks whether it is the one that the other side has said next.
func (a *actor) audit(m Message) {
	ours, theirs := a.link.end.Session()
	said := a.other().link.said
	a.link.heard++
	o, to := a.other().link.end.Session()
	if o != theirs || to != ours {
		return // it has begun anew since
	}
	if n := a.link.heard; n > len(said) || said[n-1] != contentOf(m) {
		a.violation("message %d is %s, and %v were said", n, contentOf(m), said)
	}
}

// renew gives the actor another connection.
func (a *actor) renew() {
	a.begin(fmt.Sprint(a.link.name, a.link.sessions, "-"))
	a.s.wake = make(chan struct{}, 1)
	a.tasks, a.retry, a.echoed, a.requested, a.requestOffered = false, false, false, false, false
	a.offers, a.changes, a.failures = 0, 0, 0
}

// linkChange makes a change, on this connection and on each that comes.
func (a *actor) linkChange() {
	what := a.plan[0]
	a.plan = a.plan[1:]
	a.link.made = append(a.link.made, what)
	a.note("%s", what)
	if _, theirs := a.link.end.Session(); theirs != "" {
		a.make(what)
	}
}

func (a *actor) make(what string) {
	a.changes++
	if a.browser != nil {
		a.browser.change(what)
		return
	}
	a.s.enqueue(func() {
		a.pion.change(what)
		a.s.changed = true
	})
}

// linked looks at the link when all is quiet: the two must be bound to each other.
func (a *actor) linked(b *actor) bool {
	if a.link == nil {
		return true
	}
	ours, theirs := a.link.end.Session()
	o, to := b.link.end.Session()
	if ours == "" || ours != to || theirs != o {
		a.violation("not bound to each other: %v and %v", a.link.end, b.link.end)
		return false
	}
	return true
}

func (l *linked) key() []string {
	list := []string{l.end.String(), fmt.Sprint(l.sessions, l.heard, l.tries, l.bindings)}
	for _, f := range l.frames {
		text := outlineOfFrame(f)
		if f.Message.Description != nil {
			text += f.Message.Description.SDP
		}
		list = append(list, text)
	}
	return slices.Concat(list, l.made, []string{"·"}, l.said)
}
