//go:build !js

package peer

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/negotiation/trace"
)

// A peer that the relay has lost stays while there is a connection to it, or if one is
// made in time.
func TestThePeerStaysWhileItIsConnected(t *testing.T) {
	stays := func(t *testing.T, a, b *member) {
		t.Helper()
		time.Sleep(2 * absentFor)
		if a.count(trace.Unpaired) > 0 {
			t.Fatalf("the pairing has ended:\n%s", a.log())
		}
		a.w.talk(a, b)
	}
	t.Run("the connection is gone for a moment", func(t *testing.T) {
		inWorld(t, func(t *testing.T, w *world) {
			a, b := w.connected()
			b.offline()
			w.down.Store(true)
			a.await("it notices", func() bool { return slices.Contains(a.details(trace.ConnectionState), "disconnected") })
			w.down.Store(false)
			a.await("it is connected again", func() bool { return a.count(trace.Connected) == 2 })
			stays(t, a, b)
		})
	})
	t.Run("the connection is not there yet", func(t *testing.T) {
		inWorld(t, func(t *testing.T, w *world) {
			w.down.Store(true)
			a, b := w.peer("a"), w.peer("b")
			time.Sleep(time.Second)
			b.offline()
			w.down.Store(false)
			a.await("it is connected", func() bool { return a.count(trace.Connected) == 1 })
			stays(t, a, b)
		})
	})
}

func TestThePeerIsForgottenWhenNothingReachesIt(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.connected()
		b.offline()
		w.down.Store(true)
		a.await("it is forgotten", func() bool { return a.count(trace.PeerGone) > 0 })
		states := a.times(trace.ConnectionState)
		disconnected := states[slices.Index(a.details(trace.ConnectionState), "disconnected")]
		if took := a.times(trace.PeerGone)[0].Sub(disconnected); took != absentFor {
			t.Errorf("%s after the connection was lost", took)
		}
	})
}

// Many visitors come and go, each with its own id; few of their connections are kept.
func TestFewOfManyVisitorsAreRemembered(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a := w.peer("a")
		const visitors = 3 * maxAbsent
		for n := range visitors {
			id := fmt.Sprint("visitor ", n)
			a.binds(id, n)
			a.handler.Received(signaling.Envelope{Left: &wire.Left{ID: id}})
			time.Sleep(pairingsEvery)
		}
		a.await("all are forgotten", func() bool { return a.count(trace.PeerGone) == visitors })
		stayed := 0
		for _, gone := range a.times(trace.PeerGone) {
			if gone.Sub(a.times(trace.PeerJoined)[0]) >= absentFor {
				stayed++
			}
		}
		if a.count(trace.Paired) != visitors || stayed != maxAbsent {
			t.Errorf("of %d pairings %d stayed", a.count(trace.Paired), stayed)
		}
	})
}

// A peer that says bye is gone at once; a silent one is not.
func TestByeUnpairsAtOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.connected()
		now := time.Now()
		b.peer.Close()
		a.await("it is unpaired", func() bool { return a.count(trace.Unpaired) > 0 })
		if took := a.times(trace.Unpaired)[0].Sub(now); took > time.Second {
			t.Errorf("after %s", took)
		}
		if why := a.details(trace.Unpaired)[0]; why != "the other side left" {
			t.Errorf("because %s", why)
		}
	})
}
