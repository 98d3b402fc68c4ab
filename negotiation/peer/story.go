package peer

import (
	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/trace"
)

// story is what a pairing remembers to put the trace of its Session into that of the
// Peer: with the numbers of the latter, and with the identities that messages have
// between the two sides.
type story struct {
	sending *trace.Event // of a message that the Session sends next; owned by its goroutine

	// Owned by the Peer's goroutine.
	wishes []trace.Event  // for offers, of which the Session has not told yet: why
	events [recent]uint64 // by number, those of the last moments
	sent   [recent]uint64 // as well
}

// recent is how far back an event may point.
const recent = 1024

// trace takes an event of the Session, on the Session's goroutine. A message gets its
// number when it is sent, which is at once.
func (p *pairing) trace(e trace.Event) {
	if e.Kind == trace.OfferSending || e.Kind == trace.AnswerSending {
		p.story.sending = &e
		return
	}
	p.remote.peer.enqueue(func() { p.tell(e) })
}

// tell traces an event of the Session.
func (p *pairing) tell(e trace.Event) {
	s := &p.story
	n := e.N
	if e.Cause > 0 && n-e.Cause < recent {
		e.Cause = s.events[e.Cause%recent]
	} else {
		e.Cause = 0
	}
	if e.Kind == trace.Renegotiate && len(s.wishes) > 0 {
		e.Code, e.Cause = s.wishes[0].Code, s.wishes[0].Cause
		s.wishes = s.wishes[1:]
	}
	if ours, _ := p.remote.link.Session(); e.Message.Sent && !p.remote.plain && p.remote.pairing == p {
		seq := &s.sent[e.Message.Seq%recent]
		if e.Kind == trace.OfferSending || e.Kind == trace.AnswerSending {
			*seq = p.remote.link.Next()
			if !p.remote.reachable() { // the link keeps it
				e.Code, e.Detail = trace.Waits, trace.Waits.Words()
			}
		}
		e.Message.Session, e.Message.Seq = ours, *seq
	}
	e.Peer, e.Life = p.remote.id, p.life
	p.observe(e)
	s.events[n%recent] = p.remote.peer.tell(e)
}

// recording has the Session tell what comes into it, if somebody wants to know.
func (p *pairing) recording() []negotiation.Option {
	peer := p.remote.peer
	if peer.config.OnInput == nil {
		return nil
	}
	return []negotiation.Option{negotiation.WithInputs(func(in trace.Input) {
		in.Peer, in.Life = p.remote.id, p.life
		peer.enqueue(func() { peer.config.OnInput(in) })
	})}
}
