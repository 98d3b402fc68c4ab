package terminal

import (
	"testing"

	"perfect-negotiation/negotiation/peer"
	"perfect-negotiation/negotiation/trace"
)

// A peer is also found by its id in displayed form.
func TestFindAsShown(t *testing.T) {
	const id, alike = "abcdefghij234567", "abcdefghik234567"
	terminal := New(Config{})
	for _, peer := range []string{id, alike} {
		terminal.Trace(trace.Event{Kind: trace.PeerJoined, Peer: peer})
	}
	for name, want := range map[string]string{id: id, "abcdefghij": id, peer.ShortID(id): id, peer.ShortID(alike): alike, "abcde": "", "x": "", "-": ""} {
		if got, err := terminal.find(name); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", name, got, err)
		}
	}
}
