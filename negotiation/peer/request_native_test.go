//go:build !js

package peer

import (
	"testing"
	"time"

	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/negotiation/trace"
)

// A peer that is asked for an offer makes one. However often it is asked, it makes one a
// second and a few at once, and one after the last request.
func TestAnOfferIsAskedFor(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		polite, impolite := w.connected()
		for _, row := range []struct{ asks, offers *member }{{polite, impolite}, {impolite, polite}} {
			ask := func() {
				row.asks.peer.enqueue(func() {
					row.asks.peer.remotes[row.offers.id].send(signaling.Envelope{Request: wire.RequestOffer})
				})
			}
			answered := row.offers.count(trace.AnswerReceived)
			ask()
			row.offers.await("it is answered", func() bool { return row.offers.count(trace.AnswerReceived) == answered+1 })
			const seconds = 20
			for range 20 * seconds {
				ask()
				time.Sleep(time.Second / 20)
			}
			time.Sleep(time.Minute)
			if n := row.offers.count(trace.AnswerReceived) - answered; n < seconds || n > seconds+offersAhead+1 {
				t.Errorf("%d offers of %s were answered in %d s", n, row.offers.id, seconds)
			}
			if codes := row.offers.codes(trace.Renegotiate); codes[len(codes)-1] != trace.OtherAsks {
				t.Errorf("it says that it offers because of %q", codes)
			}
		}
	})
}

// Every event has the signaling state of the pairing, whichever package traces
// it.
func TestTheTraceHasTheState(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.connected()
		state := func(kind trace.Kind) trace.State {
			a.mu.Lock()
			defer a.mu.Unlock()
			for i := len(a.events) - 1; i >= 0; i-- {
				if a.events[i].Kind == kind {
					return a.events[i].State
				}
			}
			return ""
		}
		if got := state(trace.Connected); got != trace.Stable {
			t.Errorf("%s when it connects", got)
		}
		w.on(func(string, string, *signaling.Envelope) bool { return false })
		a.peer.Renegotiate()
		a.await("it has offered", func() bool { return state(trace.StateChanged) == trace.HaveLocalOffer })
		w.talk(b, a)
		if got := state(trace.ChatReceived); got != trace.HaveLocalOffer {
			t.Errorf("%s while an answer is due", got)
		}
	})
}

// A peer that acknowledges nothing gets a new session, and is told.
func TestALinkThatIsFull(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.connected()
		greeted := make(chan struct{}, 100)
		w.on(func(from, _ string, e *signaling.Envelope) bool {
			if from == a.id && e.Hello != nil {
				greeted <- struct{}{}
			}
			return from == a.id
		})
		a.peer.enqueue(func() {
			for r := a.peer.remotes[b.id]; r.pairing != nil; {
				r.send(signaling.Envelope{Request: "nothing that there is"})
			}
		})
		a.await("the pairing ends", func() bool { return a.count(trace.Unpaired) == 1 })
		select {
		case <-greeted:
		case <-time.After(time.Minute):
			t.Error("it does not ask for another")
		}
		w.on(nil)
		for _, m := range []*member{a, b} {
			m.await("it is connected anew", func() bool { return m.count(trace.ChannelOpened) == 4 })
		}
		w.talk(a, b)
	})
}
