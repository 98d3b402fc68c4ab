package peer

import (
	"slices"
	"testing"

	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/negotiation/trace"
)

// Each row is the next event of one trace, and who is here after it.
func TestRoster(t *testing.T) {
	var roster Roster
	a := Status{ID: "a", Role: "polite", State: "new"}
	b := Status{ID: "b", Role: "impolite", State: "new"}
	c := Status{ID: "c", Role: "polite", State: "new"}
	in := func(e Status, change func(*Status)) Status {
		change(&e)
		return e
	}
	connected := in(b, func(e *Status) { e.State = "connected" })
	one := in(connected, func(e *Status) { e.Channels = 1 })
	two := in(connected, func(e *Status) { e.Channels = 2 })
	stalled := in(one, func(e *Status) { e.Stalled = true })
	same := in(one, func(e *Status) { e.Source = "abcd" })
	other := in(one, func(e *Status) { e.Source, e.Differs = "1234, here abcd", true })
	failed := in(other, func(e *Status) { e.State = "failed" })
	closed := in(other, func(e *Status) { e.State, e.Channels = "closed", 0 })
	again := in(closed, func(e *Status) { e.State, e.Role = "new", "polite" })
	for i, row := range []struct {
		kind   trace.Kind
		peer   string
		role   wire.Role
		detail string
		about  bool
		here   []Status
	}{
		{trace.RoomJoined, "", "", "room", false, nil},
		{trace.Connected, "b", "impolite", "", false, nil}, // nobody has met it
		{trace.PeerJoined, "b", "impolite", "b", true, []Status{b}},
		{trace.PeerJoined, "a", "polite", "a", true, []Status{b, a}}, // in the order of coming
		{trace.PeerJoined, "c", "polite", "c", true, []Status{b, a, c}},
		{trace.PeerNotPaired, "a", "", "why", true, []Status{b, c}},
		{trace.Paired, "b", "impolite", "b", true, []Status{b, c}},
		{trace.OfferSending, "b", "impolite", "", false, []Status{b, c}},
		{trace.Connected, "b", "impolite", "", true, []Status{connected, c}},
		{trace.ChannelOpened, "b", "impolite", "x", true, []Status{one, c}},
		{trace.ChannelOpened, "b", "impolite", "y", true, []Status{two, c}},
		{trace.ChannelClosed, "b", "impolite", "x", true, []Status{one, c}},
		{trace.SignalingStalled, "b", "impolite", "b", true, []Status{stalled, c}},
		{trace.SignalingResumed, "b", "impolite", "b", true, []Status{one, c}},
		{trace.SourceSame, "b", "impolite", "abcd", true, []Status{same, c}},
		{trace.SourceDiffers, "b", "impolite", "1234, here abcd", true, []Status{other, c}},
		{trace.PeerLeft, "b", "impolite", "b", false, []Status{other, c}}, // the connection may live
		{trace.ConnectionState, "b", "impolite", "failed", true, []Status{failed, c}},
		{trace.ChannelClosed, "b", "impolite", "y", true, []Status{in(failed, func(e *Status) { e.Channels = 0 }), c}},
		{trace.Unpaired, "b", "impolite", "why", true, []Status{closed, c}},
		{trace.Paired, "b", "polite", "b", true, []Status{again, c}},
		{trace.PeerGone, "b", "polite", "b", true, []Status{c}},
		{trace.PeerGone, "b", "polite", "b", false, []Status{c}},
		{trace.ChannelClosed, "b", "polite", "x", false, []Status{c}},
		{trace.PeerGone, "c", "polite", "c", true, nil},
	} {
		before := roster.Entries()
		kept := slices.Clone(before)
		code := trace.Code("")
		if row.kind == trace.ConnectionState {
			code = trace.Code(row.detail)
		}
		about := roster.Apply(trace.Event{Kind: row.kind, Peer: row.peer, Role: row.role, Code: code, Detail: row.detail})
		var here []Status
		for _, entry := range roster.Entries() {
			here = append(here, *entry)
			if found := roster.Find(entry.ID); found != entry {
				t.Errorf("event %d, %s: of %q is found %+v", i, row.kind, entry.ID, found)
			}
		}
		if about != row.about || !slices.Equal(here, row.here) {
			t.Errorf("event %d, %s of %q: %t, and here are %+v", i, row.kind, row.peer, about, here)
		}
		if !slices.Equal(before, kept) {
			t.Errorf("event %d, %s, changes the list that was returned before", i, row.kind)
		}
		if found := roster.Find(row.peer); found != nil && !slices.Contains(here, *found) {
			t.Errorf("event %d, %s: of %q, which is gone, is found %+v", i, row.kind, row.peer, found)
		}
	}
}
