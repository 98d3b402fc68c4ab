//go:build !js

package peer

import (
	"slices"
	"testing"
	"time"

	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/negotiation/trace"
)

// The trace begins with the peer's start and ends with its end, and tells of what was
// asked for and of the candidates in use.
func TestTheTraceIsWhole(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		role := map[string]wire.Role{"a": wire.Polite, "b": wire.Impolite}
		waits := func(m *member, c *Config) { c.Role, c.Wait = role[m.id], true }
		a, b := w.peer("a", waits), w.peer("b", waits)
		for _, m := range []*member{a, b} {
			m.await("it is paired", func() bool { return m.count(trace.Paired) == 1 })
			m.peer.Connect()
		}
		for _, m := range []*member{a, b} {
			m.await("both channels are open", func() bool { return m.count(trace.ChannelOpened) == 2 })
		}
		for _, m := range []*member{a, b} {
			if m.count(trace.CandidateAdded) == 0 || m.count(trace.ConnectRequested) != 1 {
				t.Errorf("no candidate was added, or nobody wanted to connect:\n%s", m.log())
			}
		}
		a.peer.Close()
		<-a.peer.Done()
		events := a.story()
		for _, row := range []struct {
			e    trace.Event
			want string
		}{
			{events[0], "[POLITE] Starting peer"},
			{events[len(events)-1], "[POLITE] Peer shut down"},
		} {
			if got := row.e.String(); got != row.want {
				t.Errorf("it says %q, not %q", got, row.want)
			}
		}
	})
}

// An offer that the relay cannot pass on waits, and says so.
func TestAnOfferWaitsForTheRelay(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.connected()
		settled(t, a, b)
		if codes := a.codes(trace.OfferSending); slices.Contains(codes, trace.Waits) {
			t.Errorf("it waits although the relay is there: %q", codes)
		}
		w.noRelay()
		offers := a.count(trace.OfferSending)
		a.peer.Renegotiate()
		a.await("it offers", func() bool { return a.count(trace.OfferSending) == offers+1 })
		events := a.story()
		last := events[slices.IndexFunc(events, func(e trace.Event) bool { return e.Code == trace.Waits })]
		if want := "[POLITE] Sending Offer: it waits until the relay reaches the other side"; last.String() != want {
			t.Errorf("it says %q", last)
		}
		answers := a.count(trace.AnswerReceived)
		time.Sleep(time.Minute)
		a.online()
		b.online()
		a.await("it is answered", func() bool { return a.count(trace.AnswerReceived) > answers })
	})
}
