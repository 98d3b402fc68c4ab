package negotiation

import (
	"cmp"
	"errors"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/trace"
)

// story is what a [Negotiator] remembers so that each event of its trace says which
// message it is about, and which event led to it. Nothing is decided by it.
type story struct {
	told     uint64        // the number of the last event
	restart  uint64        // that of the wish to restart ICE that made no offer needed yet
	wished   uint64        // that of the last wish for an offer
	offered  uint64        // that of the last offer sent
	ignored  uint64        // that of the last offer ignored
	sent     uint64        // messages
	received uint64        // messages
	about    trace.Message // the one that is being handled
}

// tell traces an event, and returns its number.
func (n *Negotiator) tell(e trace.Event) uint64 {
	n.told++
	if n.trace != nil {
		e.N, e.Role, e.State = n.told, roleOf(n.polite), trace.State(n.pc.SignalingState().String())
		if h, ok := n.pc.(interface{ Holds() bool }); ok {
			e.Held = h.Holds()
		}
		n.trace(e)
	}
	return n.told
}

// numbered gives a message that is to be sent an identity.
func (n *Negotiator) numbered(m Message) Message {
	n.sent++
	m.ID = trace.Message{Type: m.typ(), Seq: n.sent, Sent: true}
	return m
}

// comes notes which message is handled.
func (n *Negotiator) comes(m Message) {
	n.received++
	n.about = m.ID
	n.about.Type = m.typ()
	n.about.Seq = cmp.Or(n.about.Seq, n.received)
}

// adds returns the event of a candidate that is added.
func (n *Negotiator) adds(c *webrtc.ICECandidateInit) trace.Event {
	e := trace.Event{Kind: trace.CandidateAdded, Message: n.about}
	if c == nil {
		e.Detail = "the end of candidates"
	}
	return e
}

// ignores returns the event of a candidate that is ignored.
func (n *Negotiator) ignores(err error) trace.Event {
	e := trace.Event{Kind: trace.CandidateIgnored, Message: n.about, Err: err}
	switch {
	case n.ignoring:
		e.Code, e.Cause = trace.OfIgnoredOffer, n.ignored
	case errors.Is(err, ErrUnknownUfrag):
		e.Code = trace.UnknownUfrag
	default:
		e.Code = trace.EndOfCandidates
	}
	return e
}

// refusal returns the code of a candidate that is refused.
func refusal(err error) trace.Code {
	if errors.Is(err, ErrNoRemoteDescription) {
		return trace.TooEarly
	}
	return cmp.Or(trace.CodeOf(err), trace.BadCandidate)
}

func roleOf(polite bool) Role {
	if polite {
		return Polite
	}
	return Impolite
}
