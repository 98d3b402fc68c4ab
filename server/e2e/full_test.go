package e2e

import (
	"context"
	"net/http/httptest"
	"testing"

	"perfect-negotiation/server/relay"
	"perfect-negotiation/server/site"
)

// A page that finds the relay full says so, though its browser does not tell it, and
// comes in when there is room.
func TestARelayThatIsFull(t *testing.T) {
	t.Parallel()
	r := relay.New(relay.Config{Connections: 1})
	s := httptest.NewServer(site.Handler(r))
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = r.Shutdown(ctx)
		s.Close()
	})
	w := worldAt(t, s.URL)
	n := w.native("full", "", false)
	await(t, "it is in", func() bool { return r.Stats().Rooms == 1 }, n)
	b := w.rawTab(w.url + "/r/full")
	b.awaitNotice("The relay says: the relay is full: it has 1 connections; trying again.")
	n.p.Close()
	await(t, "the tab is in", func() bool {
		return b.notice() == "" && b.text(`document.querySelector("#signal").dataset.state`) == "connected"
	}, b)
}
