package peer

import (
	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/trace"
)

// story is the state with which a pairing merges the trace of its Session into that
// of the Peer: it translates the event numbers and the identities of messages.
type story struct {
	sending *trace.Event // event of the message that the Session sends next; owned by its goroutine

	// Owned by the Peer's goroutine.
	requests []trace.Event  // requests for an offer that the Session has not reported yet
	events   [recent]uint64 // numbers of recent events, by the Session's number
	sent     [recent]uint64 // numbers of recent messages, likewise
}

// recent is how far back an event may point.
const recent = 1024

// trace handles an event of the Session, on the Session's goroutine. A sent message
// gets its number when it is sent, right after its event.
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
	if e.Kind == trace.Renegotiate && len(s.requests) > 0 {
		e.Code, e.Cause = s.requests[0].Code, s.requests[0].Cause
		s.requests = s.requests[1:]
	}
	if ours, _ := p.remote.link.Session(); e.Message.Sent && !p.remote.plain && p.remote.pairing == p {
		seq := &s.sent[e.Message.Seq%recent]
		if e.Kind == trace.OfferSending || e.Kind == trace.AnswerSending {
			*seq = p.remote.link.Next()
			if !p.remote.reachable() { // the link keeps the message
				e.Code, e.Detail = trace.Waits, trace.Waits.Words()
			}
		}
		e.Message.Session, e.Message.Seq = ours, *seq
	}
	e.Peer, e.Life = p.remote.id, p.life
	s.events[n%recent] = p.remote.peer.tell(e)
	p.observe(e)
}

// recording returns the options that record the inputs of the Session, if OnInput is
// set.
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
