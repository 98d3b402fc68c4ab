package cluster_test

import (
	"fmt"
	"testing"

	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/server/relay"
)

// A room is one, on whichever nodes its clients are.
func TestOneRoom(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	owner, edge, third := b.node("owner"), b.node("edge"), b.node("third")
	x, _ := owner.join("", "room", "r")
	y, welcome := edge.join("", "room", "r", "rank", "3")
	if len(welcome.Peers) != 1 || welcome.Peers[0].ID != x.id {
		t.Fatalf("welcomed by %+v", welcome.Peers)
	}
	x.expectJoined(y.id)
	z, welcome := third.join("", "room", "r")
	if len(welcome.Peers) != 2 || welcome.Peers[0].ID != x.id || welcome.Peers[1].ID != y.id || *welcome.Peers[1].Rank != 3 {
		t.Fatalf("welcomed by %+v", welcome.Peers)
	}
	x.expectJoined(z.id)
	y.expectJoined(z.id)

	all := []*client{x, y, z}
	for i, from := range all {
		from.write(fmt.Sprintf(`{"n":%d,"from":"forged"}`, i))
		for _, to := range all {
			if to != from {
				to.expectMessage(from.id, i)
			}
		}
		for _, to := range all { // itself, too
			from.write(fmt.Sprintf(`{"to":%q,"n":%d}`, to.id, 10+i))
			to.expectMessage(from.id, 10+i)
		}
	}
	y.write(`{"to":"nobody"}`)
	if s := y.read(); s.Error == nil || s.Error.Code != wire.CodeNotFound {
		t.Fatalf("got %+v", s)
	}
	if got := owner.Stats(); got.Guests != 2 || got.Rooms != 1 || got.Links != 2 {
		t.Errorf("the owner counts %+v", got)
	}
	if got := edge.Stats(); got.Seats != 1 || got.Rooms != 0 || got.Links != 1 {
		t.Errorf("the edge counts %+v", got)
	}

	y.ws.Close()
	x.expectLeft(y.id)
	z.expectLeft(y.id)
	x.ws.Close()
	z.expectLeft(x.id)
}

// The rules of a room hold across nodes.
func TestRules(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	few := func(c *relay.Config) { c.PeersPerRoom = 2 }
	owner, edge := b.node("owner", few), b.node("edge", few)

	owner.join("", "room", "roles", "role", "polite")
	edge.dial("", "room", "roles", "role", "polite").expectEnd(wire.CodeRoleTaken)
	edge.join("", "room", "roles", "role", "impolite")

	owner.join("", "room", "full")
	edge.join("", "room", "full")
	edge.dial("", "room", "full").expectEnd(wire.CodeRoomFull)

	const key = "0123456789abcdefghijklmn"
	x, _ := owner.join("", "room", "keys")
	old, _ := edge.join(key, "room", "keys", "dial", "d.1")
	x.expectJoined(old.id)
	for i, n := range []*node{owner, edge, owner} {
		again, welcome := n.join(key, "room", "keys", "dial", fmt.Sprintf("d.%d", 3+i))
		if again.id != old.id || len(welcome.Peers) != 1 {
			t.Fatalf("%s is welcomed by %+v", again.id, welcome.Peers)
		}
		x.expectJoined(old.id)
		old.expectEnd(wire.CodeReplaced)
		old = again
	}
	edge.dial(key, "room", "keys", "dial", "d.2").expectEnd(wire.CodeReplaced) // it was dialled before
}

// A room that nobody is in lives nowhere, and so on another node the next time.
func TestMoves(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	nodes := []*node{b.node("a"), b.node("b")}
	for i := range 3 {
		c, _ := nodes[i%2].join("", "room", "r")
		if got := nodes[i%2].Stats(); got.Rooms != 1 || got.Seats != 0 {
			t.Fatalf("round %d: %+v", i, got)
		}
		c.ws.Close()
		settle(t, "the room is not given up", func() bool { return nodes[i%2].Stats().Rooms == 0 })
	}
}
