//go:build !js

package peer

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/negotiation/trace"
)

// failing makes the first calls of a peer's NewPeerConnection fail.
func failing(id string, times int) func(*member, *Config) {
	return func(m *member, c *Config) {
		if m.id != id {
			return
		}
		c.NewPeerConnection = func(c webrtc.Configuration) (*webrtc.PeerConnection, error) {
			if times--; times >= 0 {
				return nil, errors.New("too many open files")
			}
			return m.newPeerConnection(c)
		}
	}
}

// A connection that cannot be made is made later.
func TestAConnectionThatCannotBeMade(t *testing.T) {
	for _, id := range []string{"a", "b"} {
		t.Run("by "+id, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				const times = 3
				a, b := w.connected(failing(id, times))
				w.talk(a, b)
				if n := a.count(trace.StartingOver) + b.count(trace.StartingOver); n != times {
					t.Errorf("they have started over %d times", n)
				}
			})
		})
	}
	t.Run("with a plain page", func(t *testing.T) {
		inWorld(t, func(t *testing.T, w *world) {
			a := w.peer("a", failing("a", 1))
			a.meets("page", nil)
			a.await("it is paired", func() bool { return a.count(trace.Paired) == 1 })
		})
	})
}

// A peer that has given up sends nothing more, and takes no messages for the
// connection that is gone. A new session of the other side is another matter.
func TestAfterGivingUp(t *testing.T) {
	for _, row := range []struct {
		name   string
		option func(*member, *Config)
		spoil  func(a *member)
		mend   func(a *member)
	}{
		{
			"no connection can be made", failing("a", maxStartingOver+1),
			func(*member) {},
			func(*member) {},
		},
		{
			"no offer can be sent",
			func(*member, *Config) {},
			func(a *member) {
				track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}, "v", strings.Repeat("x", wire.MaxFrame))
				if err != nil {
					a.w.t.Fatal(err)
				}
				a.peer.Publish("", "v", track)
			},
			func(a *member) { a.peer.Unpublish("", "v") },
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				a := w.peer("a", row.option)
				row.spoil(a)
				b := w.peer("b", row.option)
				a.await("it gives up", func() bool { return a.count(trace.GivenUp) == 1 })
				said := 0
				w.on(func(from, _ string, e *signaling.Envelope) bool {
					if from == a.id {
						said++
					}
					return e.Hello == nil
				})
				time.Sleep(time.Hour)
				if n := a.count(trace.StartingOver); n != maxStartingOver || a.count(trace.GivenUp) != 1 || said > 0 {
					t.Errorf("it has started over %d times, given up %d times, and said %d things then:\n%s", n, a.count(trace.GivenUp), said, a.log())
				}
				w.on(nil)
				row.mend(a)
				b.peer.enqueue(func() { b.peer.remotes[a.id].renew("it is tried again") })
				for _, m := range []*member{a, b} {
					m.await("it is connected", func() bool { return m.count(trace.Connected) == 1 })
				}
			})
		})
	}
}
