//go:build !js

package peer

import (
	"slices"
	"testing"
	"testing/synctest"

	"perfect-negotiation/negotiation/trace"
)

// TestTheTraceJoinsBothSides reads the traces of two peers: what one has sent is known
// by the same values where it came, and each event may name one before it.
func TestTheTraceJoinsBothSides(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.connected()
		for range 3 {
			a.peer.Renegotiate()
			b.peer.Renegotiate()
			synctest.Wait()
		}
		for _, pair := range [][2]*member{{a, b}, {b, a}} {
			here, there := pair[0].story(), pair[1].story()
			came := map[trace.Message]trace.Kind{}
			for _, e := range there {
				if e.Kind == trace.OfferReceived || e.Kind == trace.AnswerReceived {
					came[e.Message] = e.Kind
				}
			}
			sent := 0
			for n, e := range here {
				if e.N != uint64(n+1) || e.Cause >= e.N {
					t.Errorf("event %d is number %d and comes of %d", n+1, e.N, e.Cause)
				}
				switch {
				case e.Kind == trace.AnswerSending && here[e.Cause-1].Kind != trace.OfferReceived,
					e.Kind == trace.AnswerReceived && here[e.Cause-1].Kind != trace.OfferSending:
					t.Errorf("%s comes of %s", e.Kind, here[e.Cause-1].Kind)
				case e.Kind == trace.OfferSending, e.Kind == trace.AnswerSending:
					sent++
					m := e.Message
					m.Sent = false
					if m.Session == "" || m.Seq == 0 || came[m] == "" {
						t.Errorf("%+v did not come; %v did", m, came)
					}
				}
			}
			if sent < 3 {
				t.Errorf("%d descriptions were sent", sent)
			}
		}
	})
}

func (m *member) story() []trace.Event {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.events)
}
