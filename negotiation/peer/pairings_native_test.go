//go:build !js

package peer

import (
	"fmt"
	"testing"
	"time"

	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/negotiation/trace"
)

// A client that joins with a new id each time gets a few pairings a second, and a peer
// that stays gets one meanwhile.
func TestPairingsHaveAPace(t *testing.T) {
	const come, lasts = 500, 10 * time.Second
	for name, visit := range map[string]func(a *member, id string){
		"with sessions": func(a *member, id string) { a.binds(id, 1) },
		"plain pages":   func(a *member, id string) { a.meets(id, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				a := w.peer("a")
				stays := time.Time{}
				for n := range come {
					id := fmt.Sprint("visitor ", n)
					visit(a, id)
					a.handler.Received(signaling.Envelope{Left: &wire.Left{ID: id}})
					if n == come/4 {
						stays = time.Now()
						w.peer("b")
					}
					time.Sleep(lasts / come)
				}
				a.await("who stays is paired", func() bool { return a.count(trace.ChannelOpened) == 2 })
				if opened := a.times(trace.ChannelOpened)[0].Sub(stays); opened > 4*time.Second {
					t.Errorf("who stays is connected after %v", opened)
				}
				most := pairingsAtOnce + int(lasts/pairingsEvery)
				if n := a.count(trace.Paired); n < pairingsAtOnce || n > most {
					t.Errorf("%d pairings in %v", n, lasts)
				}
				time.Sleep(time.Minute)
				if n := a.count(trace.PeerJoined) - a.count(trace.PeerGone); n != 1 {
					t.Errorf("%d are remembered", n)
				}
			})
		})
	}
}

// A full room forms at once.
func TestAFullRoomForms(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var room []*member
		begin := time.Now()
		for n := range 8 {
			room = append(room, w.peer(fmt.Sprint(n)))
		}
		for _, m := range room {
			m.await("it is connected with all", func() bool { return m.count(trace.Connected) == len(room)-1 })
		}
		if took := time.Since(begin); took > 2*time.Second {
			t.Errorf("it takes %v", took)
		}
	})
}
