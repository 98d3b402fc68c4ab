//go:build !js

package peer

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/trouble"
	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/negotiation/trace"
)

// settled waits until all is negotiated on both sides.
func settled(t *testing.T, members ...*member) {
	t.Helper()
	for _, m := range members {
		sessions := make(chan *negotiation.Session, 1)
		m.peer.enqueue(func() {
			for _, r := range m.peer.remotes {
				sessions <- r.pairing.session
			}
		})
		if err := (<-sessions).Negotiated(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// collided waits until both sides have seen so many collisions.
func collided(t *testing.T, n int, polite, impolite *member) {
	t.Helper()
	polite.await(fmt.Sprint(n, " offers collide"), func() bool {
		return polite.count(trace.CollisionRollback) >= n && impolite.count(trace.CollisionIgnored) >= n
	})
}

// Each press makes offers collide, whoever presses, however long messages travel, and
// both sides see it.
func TestCollide(t *testing.T) {
	for _, latency := range []time.Duration{0, 70 * time.Millisecond, time.Second} {
		for _, role := range []wire.Role{wire.Polite, wire.Impolite} {
			t.Run(fmt.Sprintf("%s presses, %s", role, latency), func(t *testing.T) {
				inWorld(t, func(t *testing.T, w *world) {
					far := new(trouble.Trouble)
					polite, impolite := w.connected(troubled("a", far))
					settled(t, polite, impolite)
					presses, other := polite, impolite
					if role == wire.Impolite {
						presses, other = impolite, polite
					}
					far.Set(trouble.Settings{Delay: latency})
					rollbacks, ignored := polite.count(trace.CollisionRollback), impolite.count(trace.CollisionIgnored)
					const times = 20
					for n := range times {
						if rollbacks != ignored {
							t.Fatalf("%d rollbacks and %d ignored offers", rollbacks, ignored)
						}
						presses.peer.Collide(other.id, 1)
						collided(t, rollbacks+n+1, polite, impolite)
					}
					settled(t, polite, impolite)
					if a, b := polite.count(trace.CollisionRollback)-rollbacks, impolite.count(trace.CollisionIgnored)-ignored; a != times || b != times {
						t.Errorf("%d rollbacks and %d ignored offers of %d presses", a, b, times)
					}
					if codes := presses.codes(trace.Renegotiate); len(codes) != times || codes[0] != trace.ToCollide {
						t.Errorf("it says that it offers because of %q", codes)
					}
					if n := presses.count(trace.CollideGivenUp); n > 0 {
						t.Errorf("it has given up %d times:\n%s", n, presses.log())
					}
					w.talk(polite, impolite)
				})
			})
		}
	}
}

// A long press makes ten, and both sides may press at once.
func TestCollideTenTimes(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		far := new(trouble.Trouble)
		polite, impolite := w.connected(troubled("a", far))
		settled(t, polite, impolite)
		far.Set(trouble.Settings{Delay: 10 * time.Millisecond})
		rollbacks := polite.count(trace.CollisionRollback)
		for _, presses := range []*member{polite, impolite} {
			begin := time.Now()
			presses.peer.Collide("", 10)
			rollbacks += 10
			collided(t, rollbacks, polite, impolite)
			if d := time.Since(begin); d > 2*time.Second {
				t.Errorf("ten collisions take %s", d)
			}
			settled(t, polite, impolite)
			if n := polite.count(trace.CollisionRollback); n != rollbacks {
				t.Errorf("%d collisions", n)
			}
		}
		time.Sleep(time.Minute) // the other side may be asked again
		polite.peer.Collide("", 10)
		impolite.peer.Collide("", 10)
		collided(t, rollbacks+10, polite, impolite)
		settled(t, polite, impolite)
		if n := polite.count(trace.CollideGivenUp) + impolite.count(trace.CollideGivenUp); n > 0 {
			t.Errorf("they have given up %d times:\n%s\n%s", n, polite.log(), impolite.log())
		}
		w.talk(polite, impolite)
	})
}

// An armed side gives up after 3 s, one that waits for an exchange after 15 s, and both say why.
func TestCollideGivesUp(t *testing.T) {
	for _, row := range []struct {
		name  string
		spoil func(w *world, presses, other *member)
		want  trace.Code
	}{
		{"it is asked in vain", func(w *world, presses, other *member) {
			w.on(func(_, to string, e *signaling.Envelope) bool { // as if it had no reason to
				if to == other.id && e.Request == wire.RequestOffer {
					e.Request = "nothing that there is"
				}
				return true
			})
		}, trace.NoOfferCame},
		{"the relay is away", func(w *world, _, _ *member) { w.noRelay() }, trace.Unreachable},
		{"an exchange does not end", func(w *world, presses, other *member) {
			w.on(func(from, _ string, _ *signaling.Envelope) bool { return from != other.id })
			offers := presses.count(trace.OfferSending)
			presses.peer.Renegotiate()
			presses.await("it has offered", func() bool { return presses.count(trace.OfferSending) > offers })
		}, trace.NotStable},
		{"the pairing ends", func(w *world, presses, other *member) {
			w.on(func(from, _ string, e *signaling.Envelope) bool { return e.Bye })
			time.AfterFunc(time.Second, other.peer.Close)
		}, trace.PairingEnded},
	} {
		t.Run(row.name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				polite, impolite := w.connected()
				settled(t, polite, impolite)
				row.spoil(w, polite, impolite)
				begin := time.Now()
				polite.peer.Collide("", 10)
				polite.await("it gives up", func() bool { return polite.count(trace.CollideGivenUp) > 0 })
				limit := armedFor
				if row.want == trace.NotStable {
					limit = stableFor
				}
				if d := time.Since(begin); d > limit+time.Second {
					t.Errorf("it gives up after %s", d)
				}
				time.Sleep(2 * stableFor)
				if codes := polite.codes(trace.CollideGivenUp); !slices.Equal(codes, []trace.Code{row.want}) {
					t.Errorf("it gives up because of %q", codes)
				}
			})
		})
	}
}

// Before there is anything to negotiate no offer can collide, nor with a peer that is
// not there.
func TestCollideWithNobody(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		polite, _ := w.connected()
		polite.peer.Collide("nobody", 1)
		polite.await("it says so", func() bool { return polite.count(trace.NothingYet) == 1 })
		if polite.count(trace.CollideArmed) > 0 {
			t.Error("it is armed")
		}
	})
}

// A plain page cannot be asked: as many of its next offers are met as there were presses,
// whenever they come.
func TestCollideWithAPlainPage(t *testing.T) {
	for _, role := range []wire.Role{wire.Polite, wire.Impolite} {
		t.Run(string(role), func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				plain := func(role wire.Role) func(*member, *Config) {
					return func(m *member, c *Config) {
						c.Role = role
						c.Dial = func(ctx context.Context, o signaling.Options, h signaling.Handler) (signaling.Transport, error) {
							o.Rank = nil
							return m.dial(ctx, o, h)
						}
					}
				}
				polite, impolite := w.peer("a", plain(wire.Polite)), w.peer("b", plain(wire.Impolite))
				for _, m := range []*member{polite, impolite} {
					m.await("two channels are open", func() bool { return m.count(trace.ChannelOpened) == 2 })
				}
				settled(t, polite, impolite)
				presses, page := polite, impolite
				if role == wire.Impolite {
					presses, page = impolite, polite
				}
				collisions := polite.count(trace.CollisionRollback)
				const times = 2
				for range times {
					presses.peer.Collide(page.id, 1)
				}
				presses.await("it is armed", func() bool { return presses.count(trace.CollideArmed) == 1 })
				for n := range times {
					time.Sleep(time.Hour)
					page.peer.Renegotiate()
					collided(t, collisions+n+1, polite, impolite)
					settled(t, polite, impolite)
				}
				page.peer.Renegotiate()
				time.Sleep(time.Minute)
				if n := polite.count(trace.CollisionRollback); n != collisions+times || presses.count(trace.CollideGivenUp) > 0 {
					t.Errorf("%d collisions:\n%s", n-collisions, presses.log())
				}
				if codes := presses.codes(trace.CollideArmed); !slices.Equal(codes, []trace.Code{trace.NextOffer, trace.NextOffer}) {
					t.Errorf("it was armed as %q", codes)
				}
				presses.peer.Collide("", 1)
				page.peer.Close()
				presses.leave()
				presses.await("it waits no more", func() bool { return presses.count(trace.CollideGivenUp) == 1 })
			})
		})
	}
}
