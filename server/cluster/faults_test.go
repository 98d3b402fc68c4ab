package cluster_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"perfect-negotiation/negotiation/signaling/wire"
	serving "perfect-negotiation/server/cluster"
	"perfect-negotiation/server/relay"
)

// The clients of a node that dies leave the rooms of others.
func TestEdgeKilled(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	owner, edge := b.node("owner"), b.node("edge")
	x, _ := owner.join("", "room", "r")
	y, _ := edge.join("", "room", "r")
	x.expectJoined(y.id)
	start := time.Now()
	edge.kill()
	x.expectLeft(y.id)
	t.Logf("told after %v", time.Since(start).Round(time.Millisecond))
	if took := time.Since(start); took > 2500*time.Millisecond {
		t.Errorf("told after %v", took)
	}
	settle(t, "the guest stays", func() bool { return owner.Stats().Guests == 0 })
}

// The rooms of a node that dies go on on another one, but not before it is certain.
func TestOwnerKilled(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	owner, edge, third := b.node("owner"), b.node("edge"), b.node("third")
	owner.join("", "room", "r")
	const key = "0123456789abcdefghijklmn"
	y, _ := edge.join(key, "room", "r")
	z, _ := third.join("", "room", "r")
	y.expectJoined(z.id)
	time.Sleep(serving.SteadyTime) // KV has been writable for as long
	start := time.Now()
	owner.kill()
	y.expectEnd(wire.CodeShutdown)
	z.expectEnd(wire.CodeShutdown)
	y, _ = edge.join(key, "room", "r")
	z, welcome := third.join("", "room", "r")
	t.Logf("welcomed after %v", time.Since(start).Round(time.Millisecond))
	if took := time.Since(start); took < 2*time.Second || took > 5*time.Second {
		t.Errorf("welcomed after %v: the lease is gone after 2 to 3 s", took)
	}
	if len(welcome.Peers) != 1 || welcome.Peers[0].ID != y.id {
		t.Errorf("welcomed by %+v", welcome.Peers)
	}
	y.expectJoined(z.id)
	if got := edge.Stats().Takeovers + third.Stats().Takeovers; got != 1 {
		t.Errorf("%d takeovers", got)
	}
}

// A node that shuts down hands its rooms over at once, and its clients with them.
func TestShutdown(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	owner, edge := b.node("owner"), b.node("edge")
	x, _ := owner.join("", "room", "r")
	y, _ := edge.join("", "room", "r")
	away, _ := edge.join("", "room", "other")
	guest, _ := owner.join("", "room", "other")
	x.expectJoined(y.id)
	away.expectJoined(guest.id)
	go owner.end()
	x.expectEnd(wire.CodeShutdown)
	y.expectEnd(wire.CodeShutdown)
	away.expectLeft(guest.id)
	start := time.Now()
	edge.join("", "room", "r")
	if took := time.Since(start); took > time.Second {
		t.Errorf("the room is free after %v", took)
	}
	if got := edge.Stats(); got.Rooms != 2 || got.Takeovers != 0 {
		t.Errorf("%+v", got)
	}
}

// Packets that come twice are taken once. If one is missing, both sides put their clients
// out, who come back to a room that is the same for all.
func TestGap(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	owner, edge := b.node("owner"), b.node("edge")
	x, _ := owner.join("", "room", "r")
	y, _ := edge.join("", "room", "r")
	x.expectJoined(y.id)
	edge.copies.Store(2)
	y.write(`{"n":1}`)
	x.expectMessage(y.id, 1)
	edge.copies.Store(0)
	settle(t, "it is not lost", func() bool {
		y.write(`{"n":2}`)
		return edge.skipped.Load() > 0
	})
	edge.copies.Store(1)
	x.expectLeft(y.id)
	y.expectEnd(wire.CodeShutdown)
	if got := owner.Stats(); got.Gaps != 1 || got.Broken != 1 || got.Guests != 0 {
		t.Errorf("the owner counts %+v", got)
	}
	y, _ = edge.join("", "room", "r")
	x.expectJoined(y.id)
	x.write(`{"n":3}`)
	y.expectMessage(x.id, 3)
}

// While NATS is away, rooms go on where they live, messages between nodes wait, and no
// room is opened.
func TestNATSAway(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	owner, edge := b.node("owner"), b.node("edge")
	x, _ := owner.join("", "room", "r")
	y, _ := edge.join("", "room", "r")
	x.expectJoined(y.id)
	x.write(`{"n":1}`)
	y.expectMessage(x.id, 1)
	settle(t, "packets are on their way", func() bool { return owner.Stats().Packets > 3 })

	b.stop()
	settle(t, "nobody notices", func() bool { return !owner.Stats().Ready && !edge.Stats().Ready })
	start := time.Now()
	if e := edge.dial("", "room", "new").expectEnd(wire.CodeUnavailable); e.Message == "" {
		t.Error("without words")
	}
	if took := time.Since(start); took > time.Second/2 {
		t.Errorf("refused after %v", took)
	}
	if refusal := edge.relay.Full(); refusal == nil || refusal.Status != http.StatusServiceUnavailable {
		t.Errorf("ready: %+v", refusal)
	}
	z, _ := owner.join("", "room", "r")
	x.expectJoined(z.id)
	x.write(`{"n":2}`)
	z.expectMessage(x.id, 2)
	y.write(`{"n":3}`)

	b.start()
	y.expectJoined(z.id)
	y.expectMessage(x.id, 2)
	x.expectMessage(y.id, 3)
	z.expectMessage(y.id, 3)
	settle(t, "not ready again", func() bool { return owner.Stats().Ready && edge.Stats().Ready })
	edge.join("", "room", "new")
	if owner.Stats().Broken+edge.Stats().Broken+owner.Stats().Lost > 0 {
		t.Errorf("%+v, %+v", owner.Stats(), edge.Stats())
	}
}

// After NATS has lost all that it knew, the rooms are claimed anew by those that have
// them.
func TestNATSEmpty(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	owner, edge := b.node("owner"), b.node("edge")
	x, _ := owner.join("", "room", "r")
	y, _ := edge.join("", "room", "r")
	x.expectJoined(y.id)
	b.stop()
	if err := os.RemoveAll(filepath.Join(b.options.StoreDir, "jetstream")); err != nil {
		t.Fatal(err)
	}
	settle(t, "nobody notices", func() bool { return !owner.Stats().Ready && !edge.Stats().Ready })
	b.start()
	settle(t, "not ready again", func() bool { return owner.Stats().Ready && edge.Stats().Ready })
	z, welcome := edge.join("", "room", "r")
	if len(welcome.Peers) != 2 {
		t.Errorf("welcomed by %+v", welcome.Peers)
	}
	x.expectJoined(z.id)
	y.expectJoined(z.id)
}

// A name is refused while its node lives, and free when that has ended.
func TestName(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	a := b.node("a")
	config := serving.Config{URLs: []string{b.ClientURL()}, Name: "a"}
	if _, err := serving.Connect(t.Context(), config); !errors.Is(err, serving.ErrNameTaken) || !strings.HasSuffix(err.Error(), ": a") {
		t.Errorf("got %v", err)
	}
	a.end()
	start := time.Now()
	b.node("a").kill()
	if took := time.Since(start); took > time.Second {
		t.Errorf("the name is free after %v", took)
	}
	b.node("a") // waits until the lease is gone
	config.Name = "a.b"
	if _, err := serving.Connect(t.Context(), config); err == nil || !strings.Contains(err.Error(), serving.NameRule) {
		t.Errorf("got %v", err)
	}
	config.Name, config.URLs = "b", []string{"nats://127.0.0.1:1"}
	if _, err := serving.Connect(t.Context(), config); err == nil {
		t.Error("connected to nobody")
	}
}

// A relay in a cluster answers as one without until its node serves.
func TestBeforeServe(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	n, err := serving.Connect(t.Context(), serving.Config{URLs: []string{b.ClientURL()}, Name: "a"})
	if err != nil {
		t.Fatal(err)
	}
	r := relay.New(relay.Config{Cluster: n})
	if refusal := r.Full(); refusal == nil {
		t.Error("ready")
	}
	if err := r.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
}
