//go:build !js

package signaling_test

import (
	"strings"
	"testing"

	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/server/relay"
)

// A client that finds the relay full is told so, and comes in when there is room.
func TestTheRelayIsFull(t *testing.T) {
	url, _ := serve(t, relay.Config{Connections: 1})
	first, others := connect(t, signaling.Options{Server: url, Room: "r"}, nil)
	await(t, "the first is in", others, welcomed)
	_, news := connect(t, signaling.Options{Server: url, Room: "r"}, nil)
	n := await(t, "the second is told", news, func(n told) bool { return n.err != nil })
	if n.final || !isError(n.err, wire.CodeBusy) || !strings.Contains(n.err.Error(), "is full") {
		t.Errorf("it is told %+v", n)
	}
	first.Close()
	await(t, "it is in", news, welcomed)
}
