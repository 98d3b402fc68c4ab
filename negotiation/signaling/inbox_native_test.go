//go:build !js

package signaling

import (
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"

	"perfect-negotiation/negotiation/signaling/wire"
)

// An Inbox keeps the order, drops messages of peers where too many wait, and nothing else.
func TestInbox(t *testing.T) {
	var heard []string
	begun, goes := make(chan struct{}), make(chan struct{})
	final := errors.New("final")
	b := NewInbox(Handler{
		Connected: func() {
			close(begun)
			<-goes
			heard = append(heard, "connected")
		},
		Received: func(e Envelope) {
			if e.Joined != nil {
				heard = append(heard, "joined")
			} else {
				heard = append(heard, e.Request)
			}
		},
		Disconnected: func(err error, _ time.Duration, _ bool) { heard = append(heard, err.Error()) },
	})
	b.Connected()
	<-begun
	want := []string{"connected"}
	for i := range 2 * maxUnheard {
		text := strconv.Itoa(i)
		if b.Received(Envelope{From: "a", Request: text}) != (i < maxUnheard) {
			t.Errorf("envelope %d", i)
		}
		if i < maxUnheard {
			want = append(want, text)
		}
	}
	if !b.Received(Envelope{Joined: &wire.Member{}}) {
		t.Error("who comes is lost")
	}
	b.Disconnected(final, 0, true)
	if b.Received(Envelope{Joined: &wire.Member{}}) {
		t.Error("something comes after the end")
	}
	close(goes)
	<-b.Done()
	if want = append(want, "joined", "final"); !slices.Equal(heard, want) {
		t.Errorf("it hears %q", heard)
	}
}
