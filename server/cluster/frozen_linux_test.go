package cluster_test

import (
	"os"
	"syscall"
	"testing"
	"time"

	"perfect-negotiation/negotiation/signaling/wire"
	serving "perfect-negotiation/server/cluster"
)

// freeze has a process stand still until the function that it returns is called.
func freeze(t *testing.T, p *os.Process) (thaw func()) {
	t.Helper()
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	thaw = func() {
		if err := p.Signal(syscall.SIGCONT); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(thaw)
	return thaw
}

// The rooms of a node that stands still go on on another one. When it goes on, it ends
// what it had of them.
func TestOwnerFrozen(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	edge := b.node("edge")
	owner, process := b.process()
	x, _ := owner.join("", "room", "r", "role", "polite")
	y, _ := edge.join("", "room", "r")
	x.expectJoined(y.id)
	time.Sleep(serving.SteadyTime)
	thaw := freeze(t, process)
	start := time.Now()
	y.expectEnd(wire.CodeShutdown)
	if took := time.Since(start); took < 2*time.Second || took > 4500*time.Millisecond {
		t.Errorf("told after %v", took)
	}
	y, welcome := edge.join("", "room", "r", "role", "polite") // nobody has it there
	t.Logf("welcomed after %v", time.Since(start).Round(time.Millisecond))
	if len(welcome.Peers) != 0 || edge.Stats().Takeovers != 1 {
		t.Errorf("welcomed by %+v, %+v", welcome.Peers, edge.Stats())
	}
	thaw()
	x.skipLeft = true // it may be told first that y left, over the link that broke
	x.expectEnd(wire.CodeShutdown)
	x, welcome = owner.join("", "room", "r")
	if len(welcome.Peers) != 1 || welcome.Peers[0].ID != y.id {
		t.Errorf("welcomed by %+v", welcome.Peers)
	}
	y.expectJoined(x.id)
	x.write(`{"n":1}`)
	y.expectMessage(x.id, 1)
}

// The clients of a node that stands still leave the rooms of others. When it goes on, it
// tells them to come back.
func TestEdgeFrozen(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	owner := b.node("owner")
	edge, process := b.process()
	x, _ := owner.join("", "room", "r")
	y, _ := edge.join("", "room", "r")
	x.expectJoined(y.id)
	thaw := freeze(t, process)
	start := time.Now()
	x.expectLeft(y.id)
	t.Logf("told after %v", time.Since(start).Round(time.Millisecond))
	if took := time.Since(start); took > 4*time.Second {
		t.Errorf("told after %v", took)
	}
	thaw()
	y.expectEnd(wire.CodeShutdown)
	y, _ = edge.join("", "room", "r")
	x.expectJoined(y.id)
}
