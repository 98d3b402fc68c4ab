//go:build !js

package peer

import (
	"slices"
	"testing"
	"time"

	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/trace"
)

// lost cuts the network until both sides have noticed.
func (w *world) lost(a, b *member) {
	w.t.Helper()
	w.down.Store(true)
	for _, m := range []*member{a, b} {
		m.await("it is disconnected", func() bool { return slices.Contains(m.details(trace.ConnectionState), "disconnected") })
	}
}

// The polite peer asks, the impolite one restarts, once for both.
func TestRecovery(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		polite, impolite := w.connected()
		w.lost(polite, impolite)
		polite.await("it asks", func() bool { return polite.count(trace.RestartAsked) == 1 })
		impolite.await("it restarts", func() bool { return impolite.count(trace.Restarting) == 1 })
		w.down.Store(false)
		for _, m := range []*member{polite, impolite} {
			m.await("it is connected again", func() bool { return m.count(trace.Connected) == 2 })
		}
		time.Sleep(time.Minute)
		if p, i := polite.count(trace.Restart), impolite.count(trace.Restart); p != 0 || i != 1 {
			t.Errorf("the polite one has restarted %d times, the impolite one %d times:\n%s", p, i, impolite.log())
		}
		if polite.count(trace.Paired) != 1 {
			t.Error("the connection is another one")
		}
		w.talk(polite, impolite)
	})
}

// A restart that the polite peer asks for counts as an attempt of the impolite
// one.
func TestRequestIsAnAttempt(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		polite, impolite := w.connected()
		w.on(func(_, _ string, e *signaling.Envelope) bool {
			e.Request = "" // that of the test is the only one
			return true
		})
		request := func() {
			impolite.peer.enqueue(func() { impolite.peer.remotes[polite.id].pairing.recovery.Asked() })
		}
		w.lost(polite, impolite)
		request()
		time.Sleep(4 * time.Second)
		if n := impolite.count(trace.Restart); n != 1 {
			t.Errorf("it has restarted %d times when its own attempt would be due:\n%s", n, impolite.log())
		}

		impolite.await("it restarts again", func() bool { return impolite.count(trace.Restart) == 2 })
		w.down.Store(false)
		impolite.await("it is connected again", func() bool { return impolite.count(trace.Connected) == 2 })
		request()
		time.Sleep(time.Minute)
		if n := impolite.count(trace.Restart); n != 2 {
			t.Errorf("it restarts what it has just restored:\n%s", impolite.log())
		}
	})
}

// However often the other side asks, there is at most one restart a second and a few at
// once, and one after its last request.
func TestRequestsAreApart(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		polite, impolite := w.connected()
		var last time.Time
		for range 50 {
			last = time.Now()
			polite.peer.RestartICE()
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(time.Minute)
		times := impolite.times(trace.Restarting)
		if n := len(times); n < 5 || n > 11 || times[n-1].Before(last) {
			t.Errorf("in 5 s it has restarted %d times:\n%s", n, impolite.log())
		}
		w.talk(polite, impolite)
	})
}

// Restarts that do not help become rarer, and a new connection comes after them.
func TestRestartsFail(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		polite, impolite := w.connected()
		w.lost(polite, impolite)
		for _, row := range []struct {
			m    *member
			kind trace.Kind
		}{{polite, trace.RestartAsked}, {impolite, trace.Restarting}} {
			row.m.await("restarts have failed", func() bool { return row.m.count(trace.Unpaired) > 0 })
			times := row.m.times(row.kind)
			var apart []time.Duration
			for i := range times[1:] {
				apart = append(apart, times[i+1].Sub(times[i]).Round(time.Second))
			}
			if !slices.Equal(apart, []time.Duration{5 * time.Second, 10 * time.Second}) {
				t.Errorf("%s restarts after %v", row.m.id, apart)
			}
			if last := row.m.times(trace.Unpaired)[0].Sub(times[2]).Round(time.Second); last != 20*time.Second {
				t.Errorf("%s gives up after %v more", row.m.id, last)
			}
		}
		if polite.count(trace.StartingOver)+impolite.count(trace.StartingOver) == 0 {
			t.Error("nobody starts over")
		}
		w.down.Store(false)
		for _, m := range []*member{polite, impolite} {
			m.await("it is connected anew", func() bool { return m.count(trace.Connected) == 2 && m.count(trace.ChannelOpened) == 4 })
		}
		w.talk(polite, impolite)
	})
}

// Connections that are never established are given up.
func TestGivenUp(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		polite, impolite := w.connected()
		w.lost(polite, impolite)
		for _, m := range []*member{polite, impolite} {
			m.await("it gives up", func() bool { return m.count(trace.GivenUp) > 0 })
		}
		time.Sleep(time.Hour)
		over := polite.count(trace.StartingOver) + impolite.count(trace.StartingOver)
		if over < maxStartingOver || over > 2*maxStartingOver {
			t.Errorf("they have started over %d times", over)
		}
		if polite.peer.remotes[impolite.id].pairing != nil || impolite.peer.remotes[polite.id].pairing != nil {
			t.Errorf("they still try:\n%s", impolite.log())
		}
	})
}

// A restart by the user works like one by recovery, and waits for the relay.
func TestRestartICE(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		polite, impolite := w.connected()
		both := []*member{polite, impolite}
		restarts := func(want int) {
			t.Helper()
			time.Sleep(time.Minute)
			if p, i := polite.count(trace.Restart), impolite.count(trace.Restart); p != 0 || i != want {
				t.Fatalf("the polite one has restarted %d times, the impolite one %d times, not %d\n%s", p, i, want, impolite.log())
			}
			w.talk(polite, impolite)
		}
		for i, m := range both {
			m.peer.RestartICE()
			restarts(i + 1)
		}
		w.noRelay()
		for _, m := range both {
			m.peer.RestartICE()
			restarts(2)
		}
		for _, m := range both {
			m.online()
		}
		restarts(4)
	})
}
