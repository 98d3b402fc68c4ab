package negotiation_test

import (
	"slices"
	"testing"

	"perfect-negotiation/negotiation/trace"
)

// TestTraceOfACollision has offers collide, and reads how it came about: what each event
// is about is the same on both sides, and each decision names what led to it.
func TestTraceOfACollision(t *testing.T) {
	p, i := pair(t)
	p.connect("data")
	i.channel()
	p.negotiated()
	i.negotiated()
	before := map[*side]int{p: p.count(trace.OfferSending), i: i.count(trace.OfferSending)}
	i.deafen()
	p.deafen()
	p.s.Renegotiate()
	i.s.Renegotiate()
	p.until(trace.OfferSending, before[p]+1)
	i.until(trace.OfferSending, before[i]+1)
	for _, s := range []*side{p, i} {
		s.mu.Lock()
		s.hear()
		s.mu.Unlock()
	}
	for range 2 {
		p.negotiated()
		i.negotiated()
	}

	polite, impolite := p.story(), i.story()
	rollback := polite.last(t, trace.CollisionRollback)
	ignored := impolite.last(t, trace.CollisionIgnored)
	ours, theirs := polite.sent(t, rollback.Message), impolite.sent(t, impolite.answered(t, polite, rollback))
	if !ours.Held || theirs.Held || ours.State != trace.HaveLocalOffer || rollback.Held {
		t.Errorf("held are %t, %t and %t", ours.Held, theirs.Held, rollback.Held)
	}
	if came := impolite.sent(t, theirs.Message); came.SDP == "" || came.SDP != polite[rollback.Cause-1].SDP || came.SDP == ours.SDP {
		t.Errorf("the offer is %q here, and %q there", polite[rollback.Cause-1].SDP, came.SDP)
	}
	if rollback.Code != trace.AsPolite || ignored.Code != trace.AsImpolite {
		t.Errorf("the codes are %q and %q", rollback.Code, ignored.Code)
	}
	if got := ignored.Message; got.Seq != ours.Message.Seq || got.Type != trace.Offer || got.Sent {
		t.Errorf("%+v is ignored, and %+v was sent", got, ours.Message)
	}
	for _, list := range []story{polite, impolite} {
		for n, e := range list {
			if e.N != uint64(n+1) || e.Cause >= e.N {
				t.Errorf("event %d has the number %d and the cause %d", n+1, e.N, e.Cause)
			}
			if e.Kind == trace.AnswerReceived && list[e.Cause-1].Kind != trace.OfferSending {
				t.Errorf("an answer came of %s", list[e.Cause-1].Kind)
			}
			if e.Kind == trace.OfferSending && !slices.Contains([]trace.Kind{trace.NegotiationNeeded, trace.Renegotiate}, list[e.Cause-1].Kind) {
				t.Errorf("an offer came of %s", list[e.Cause-1].Kind)
			}
		}
	}
}

// story is all that the trace of a side has told, from its first event on.
type story []trace.Event

func (p *side) story() story {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.told)
}

func (s story) last(t *testing.T, kind trace.Kind) trace.Event {
	t.Helper()
	for _, e := range slices.Backward(s) {
		if e.Kind == kind {
			return e
		}
	}
	t.Fatalf("there was no %s", kind)
	return trace.Event{}
}

// sent returns the event of an offer that was sent.
func (s story) sent(t *testing.T, m trace.Message) trace.Event {
	t.Helper()
	for _, e := range s {
		if e.Kind == trace.OfferSending && e.Message.Seq == m.Seq {
			return e
		}
	}
	t.Fatalf("%+v was not sent", m)
	return trace.Event{}
}

// answered returns the offer for which the other side took its own back.
func (s story) answered(t *testing.T, other story, rollback trace.Event) trace.Message {
	t.Helper()
	came := other[rollback.Cause-1]
	if came.Kind != trace.OfferReceived || came.Message.Sent {
		t.Fatalf("the rollback came of %+v", came)
	}
	return came.Message
}
