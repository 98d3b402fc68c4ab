package negotiation

import (
	"cmp"
	"errors"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/trace"
)

// story is the state with which a [Negotiator] states, for each event of its trace,
// the message it is about and the event that caused it. No decision depends on it.
type story struct {
	told        uint64        // number of the last event
	restart     uint64        // number of the RestartICE event that has not led to an offer yet
	requestedBy uint64        // number of the last Renegotiate event
	offered     uint64        // number of the event of the last offer sent
	ignored     uint64        // number of the event of the last offer ignored
	sent        uint64        // messages sent
	received    uint64        // messages received
	about       trace.Message // message being handled
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

// numbered gives a message an identity before it is sent.
func (n *Negotiator) numbered(m Message) Message {
	n.sent++
	m.ID = trace.Message{Type: m.typ(), Seq: n.sent, Sent: true}
	return m
}

// comes notes the message that is handled next.
func (n *Negotiator) comes(m Message) {
	n.received++
	n.about = m.ID
	n.about.Type = m.typ()
	n.about.Seq = cmp.Or(n.about.Seq, n.received)
}

// adds returns the event of an added candidate.
func (n *Negotiator) adds(c *webrtc.ICECandidateInit) trace.Event {
	e := trace.Event{Kind: trace.CandidateAdded, Message: n.about}
	if c == nil {
		e.Detail = "the end of candidates"
	}
	return e
}

// ignores returns the event of an ignored candidate.
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

// refusal returns the code of a refused candidate.
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
