//go:build !js

package signaling_test

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/server/relay"
)

// Clients of a relay that shuts down come back one after the other, as it tells them.
func TestShutdownSpreads(t *testing.T) {
	const clients, perSecond = 4, 2
	r := relay.New(relay.Config{ReturnsPerSecond: perSecond})
	s := httptest.NewServer(r)
	defer s.Close()
	retries := make(chan time.Duration, clients*100)
	in := make(chan struct{}, clients)
	for range clients {
		first := true
		c, err := signaling.Connect(t.Context(), signaling.Options{Server: s.URL, Room: "r"}, signaling.Handler{
			Connected: func() {},
			Received: func(e signaling.Envelope) {
				if e.Welcome != nil {
					in <- struct{}{}
				}
			},
			Disconnected: func(err error, retry time.Duration, final bool) {
				if first && (final || !isError(err, wire.CodeShutdown)) {
					t.Errorf("a client is told %v, final %t", err, final)
				}
				if first {
					retries <- retry
				}
				first = false
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			c.Close()
			<-c.Done()
		}()
	}
	for range clients {
		<-in
	}
	if err := r.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	after := map[time.Duration]int{} // by half seconds
	for range clients {
		after[(<-retries).Truncate(time.Second/perSecond)]++
	}
	for n := range time.Duration(clients) {
		if at := n * time.Second / perSecond; after[at] != 1 {
			t.Errorf("%d clients come back after %s: %v", after[at], at, after)
		}
	}
}
