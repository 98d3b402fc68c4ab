package relay_test

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"

	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/server/relay"
)

func TestShutdown(t *testing.T) {
	s := serve(t, relay.Config{})
	a, b := s.pair("r")
	done := make(chan error)
	go func() { done <- s.relay.Shutdown(context.Background()) }()
	for _, c := range []*client{a, b} {
		for {
			e := c.read()
			if e.Left != nil {
				continue // of the other one, which closed first
			}
			if e.Error == nil || e.Error.Code != wire.CodeShutdown {
				t.Fatalf("got %+v, want error %s", e, wire.CodeShutdown)
			}
			break
		}
		c.expectClose(websocket.CloseServiceRestart, wire.CodeShutdown)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got := s.relay.Stats(); got != (relay.Stats{}) {
		t.Fatalf("got %+v after Shutdown, want nothing", got)
	}
	_, response, err := s.connect(websocket.DefaultDialer, nil, "room", "r")
	if err == nil || response.StatusCode != http.StatusServiceUnavailable {
		t.Fatalf("after Shutdown: %v, %+v", err, response)
	}
	if err := s.relay.Shutdown(context.Background()); err != nil {
		t.Fatalf("a second Shutdown: %v", err)
	}
}

// Each client is told another time to come back, so that not all come at once.
func TestShutdownSpreads(t *testing.T) {
	const clients = 5
	s := serve(t, relay.Config{ReturnsPerSecond: 2})
	var all []*client
	for i := range clients {
		c, _ := s.join("", "room", strconv.Itoa(i))
		all = append(all, c)
	}
	done := make(chan error)
	go func() { done <- s.relay.Shutdown(context.Background()) }()
	told := map[float64]bool{}
	for _, c := range all {
		e := c.read()
		if e.Error == nil || e.Error.Code != wire.CodeShutdown {
			t.Fatalf("got %+v, want error %s", e, wire.CodeShutdown)
		}
		told[e.Error.RetryAfter] = true
		c.expectClose(websocket.CloseServiceRestart, wire.CodeShutdown)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[float64]bool{0: true, 0.5: true, 1: true, 1.5: true, 2: true}, told); diff != "" {
		t.Errorf("seconds (-want +got):\n%s", diff)
	}
}

func TestShutdownCutsOffWhoDoesNotClose(t *testing.T) {
	s := serve(t, relay.Config{})
	s.join("", "room", "r") // never reads again
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.relay.Shutdown(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want the error of the context", err)
	}
	if got := s.relay.Stats(); got != (relay.Stats{}) {
		t.Fatalf("got %+v after Shutdown, want nothing", got)
	}
}
