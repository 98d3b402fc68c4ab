//go:build !js

package peer

import (
	"testing"
	"time"

	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/trace"
)

// Without the relay nothing can be negotiated: a connection that is lost meanwhile
// is restored when the relay is back, and is still the same one.
func TestRecoveryWaitsForOurRelay(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.connected()
		both := []*member{a, b}
		w.noRelay()
		w.down.Store(true)
		time.Sleep(5 * time.Minute)
		for _, m := range both {
			if n := m.count(trace.Restarting) + m.count(trace.RestartAsked); n > 0 || m.count(trace.SignalingStalled) > 0 || m.count(trace.Unpaired) > 0 {
				t.Fatalf("%d restarts, and this:\n%s", n, m.log())
			}
		}
		w.down.Store(false)
		for _, m := range both {
			m.online()
		}
		for _, m := range both {
			m.await("it is connected again", func() bool { return m.count(trace.Connected) == 2 })
		}
		if a.count(trace.Paired) != 1 || b.count(trace.Paired) != 1 {
			t.Errorf("on a new connection:\n%s\n%s", a.log(), b.log())
		}
		w.talk(a, b)
	})
}

// A peer that acknowledges nothing has stalled until it is heard from again. None
// stalls while we cannot reach the relay.
func TestStalled(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _ := w.connected()
		w.on(func(from, _ string, _ *signaling.Envelope) bool { return from == a.id })
		answered := a.count(trace.AnswerReceived)
		a.peer.Renegotiate()
		a.await("it has stalled", func() bool { return a.count(trace.SignalingStalled) == 1 })
		a.offline()
		time.Sleep(time.Minute)
		if a.count(trace.SignalingResumed) > 0 {
			t.Error("it has heard of the peer without a relay")
		}
		w.on(nil)
		a.online()
		a.await("it goes on", func() bool { return a.count(trace.SignalingResumed) == 1 })
		a.await("its offer is answered", func() bool { return a.count(trace.AnswerReceived) > answered })
	})
}
