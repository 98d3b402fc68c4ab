//go:build !js

package peer

import (
	"strings"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/trace"
)

// spoil makes the next offer of m one that cannot be applied.
func (w *world) spoil(m *member) {
	w.on(func(from, _ string, e *signaling.Envelope) bool {
		if from == m.id && e.Message != nil && e.Message.Description != nil && e.Message.Description.Type == webrtc.SDPTypeOffer {
			w.pass = nil
			e.Message.Description.SDP = strings.ReplaceAll(e.Message.Description.SDP, "a=ice-ufrag:", "a=ice-ufrag:!")
		}
		return true
	})
}

// An offer that cannot be applied ends in a new connection, whichever side made
// it.
func TestARefusedOffer(t *testing.T) {
	for _, from := range []string{"polite", "impolite"} {
		t.Run("of the "+from+" peer", func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				offers, refuses := w.connected()
				if from == "impolite" {
					offers, refuses = refuses, offers
				}
				w.spoil(offers)
				offers.peer.Renegotiate()
				refuses.await("it refuses", func() bool { return refuses.count(trace.DescriptionRefused) == 1 })
				refuses.await("it starts over", func() bool { return refuses.count(trace.StartingOver) == 1 })
				for _, m := range []*member{offers, refuses} {
					m.await("it is connected anew", func() bool { return m.count(trace.Connected) == 2 && m.count(trace.ChannelOpened) == 4 })
				}
				w.talk(offers, refuses)
			})
		})
	}
}

// A later offer of the other side that is applied keeps the connection.
func TestARefusedOfferAndAGoodOne(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		polite, impolite := w.connected()
		w.spoil(polite)
		polite.peer.Renegotiate()
		impolite.await("it refuses", func() bool { return impolite.count(trace.DescriptionRefused) == 1 })
		impolite.peer.Renegotiate() // the polite one gives way, and offers again
		time.Sleep(time.Minute)
		if impolite.count(trace.StartingOver) > 0 {
			t.Errorf("it starts over:\n%s", impolite.log())
		}
		w.talk(polite, impolite)
	})
}
