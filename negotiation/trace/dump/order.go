package dump

import (
	"cmp"
	"slices"

	"perfect-negotiation/negotiation/trace"
)

// Pairing is one life of a pair: the events of both sides.
type Pairing struct {
	Peer      string
	Life      uint64
	Exchanges []Exchange
	Both      bool // the other side has told its trace
}

// Exchange is what happens from one moment in which both sides are stable to the next.
type Exchange struct {
	N         int // from 1
	Collision bool
	Events    []trace.Line // by cause: what was sent comes before what was received
}

// Pairings returns the pairings of a file, in order, and their exchanges.
func (f *File) Pairings() []Pairing {
	type key struct {
		peer string
		life uint64
	}
	var keys []key
	lanes := map[key][2][]trace.Line{}
	for _, l := range f.Events {
		k := key{l.Event.Peer, l.Event.Life}
		if k.peer == "" || k.life == 0 {
			continue
		}
		if _, known := lanes[k]; !known {
			keys = append(keys, k)
		}
		both := lanes[k]
		if l.Side == trace.Here {
			both[0] = append(both[0], l)
		} else {
			both[1] = append(both[1], l)
		}
		lanes[k] = both
	}
	var list []Pairing
	for _, k := range keys {
		here, there := lanes[k][0], lanes[k][1]
		list = append(list, Pairing{Peer: k.peer, Life: k.life, Both: len(there) > 0, Exchanges: exchanges(merge(here, there))})
	}
	return list
}

// merge puts the events of two sides into one order, in which no message is received
// before it is sent, and each side's events stay as they are. Clocks say nothing.
func merge(here, there []trace.Line) []trace.Line {
	sent := map[message]bool{} // what is still to come
	for _, l := range slices.Concat(here, there) {
		if l.Event.Message.Sent && isSending(l.Event.Kind) {
			sent[identify(l)] = true
		}
	}
	waits := func(l trace.Line) bool { return !l.Event.Message.Sent && sent[identify(l)] }
	var merged []trace.Line
	take := func(lane *[]trace.Line) {
		l := (*lane)[0]
		if l.Event.Message.Sent && isSending(l.Event.Kind) {
			delete(sent, identify(l))
		}
		merged = append(merged, l)
		*lane = (*lane)[1:]
	}
	for len(here) > 0 || len(there) > 0 {
		switch {
		case len(here) > 0 && !waits(here[0]) && !begins(here[0]):
			take(&here)
		case len(there) > 0 && !waits(there[0]) && !begins(there[0]):
			take(&there)
		case len(here) > 0 && (!waits(here[0]) || len(there) == 0 || waits(there[0])):
			take(&here) // where both wait, one of them does not tell the truth
		default:
			take(&there)
		}
	}
	return merged
}

// begins reports whether an event asks for an offer, and may begin an exchange: what is going on
// ends first.
func begins(l trace.Line) bool {
	switch l.Event.Kind {
	case trace.NegotiationNeeded, trace.Renegotiate, trace.Restart:
		return true
	}
	return false
}

func isSending(k trace.Kind) bool { return k == trace.OfferSending || k == trace.AnswerSending }

// exchanges divides the events of a pairing. What comes while nothing is negotiated is
// left out, but for what leads to an offer.
func exchanges(events []trace.Line) (list []Exchange) {
	var now *Exchange
	var before []trace.Line // what asks for an offer
	states := map[trace.Side]trace.State{}
	answered := map[trace.Side]bool{}
	for _, l := range events {
		e := &l.Event
		if state := cmp.Or(e.State, trace.Stable); now != nil || state != trace.Stable || isSending(e.Kind) || e.Kind == trace.OfferReceived {
			if now == nil {
				list = append(list, Exchange{N: len(list) + 1, Events: before})
				now, before = &list[len(list)-1], nil
				clear(states)
				clear(answered)
			}
			states[l.Side] = state
		}
		if now == nil {
			if begins(l) {
				before = append(before, l)
			}
			continue
		}
		if l.Level != trace.LevelDebug {
			now.Events = append(now.Events, l)
		}
		switch e.Kind {
		case trace.CollisionRollback, trace.CollisionIgnored:
			now.Collision = true
		case trace.AnswerSending, trace.AnswerReceived:
			answered[l.Side] = true
		case trace.OfferSending, trace.OfferReceived:
			answered[l.Side] = false
		}
		over := true
		for side, state := range states {
			over = over && state == trace.Stable && answered[side]
		}
		if over {
			now = nil
		}
	}
	return list
}
