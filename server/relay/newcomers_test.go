package relay_test

import (
	"crypto/rand"
	"testing"

	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/server/relay"
)

// After so many newcomers a room takes no more for a while, but whoever was in it.
func TestNewcomers(t *testing.T) {
	s := serve(t, relay.Config{NewcomersPerRoom: 0.001, PeersPerRoom: 3})
	stays, _ := s.join(keyA, "room", "r")
	former := rand.Text()
	for i := range 15 {
		key := rand.Text()
		if i == 0 {
			key = former
		}
		c, _ := s.join(key, "room", "r")
		stays.expectJoined(c.id)
		c.quit()
		stays.expectLeft(c.id)
	}
	refused := s.dial("", "room", "r")
	refused.expectError(wire.CodeBusy)
	refused.expectClose(4503, wire.CodeBusy)

	back, _ := s.join(former, "room", "r") // it has left
	stays.expectJoined(back.id)
	again, _ := s.join(keyA, "room", "r") // it is there
	back.expectJoined(again.id)
	stays.expectError(wire.CodeReplaced)
	undisturbed(again, back)

	s.join("", "room", "another")
}
