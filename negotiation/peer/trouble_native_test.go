//go:build !js

package peer

import (
	"math/rand/v2"
	"testing"
	"time"

	"perfect-negotiation/negotiation/signaling/local"
	"perfect-negotiation/negotiation/signaling/trouble"
	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/negotiation/trace"
)

// troubled puts trouble between the peer with this id and the room.
func troubled(id string, t *trouble.Trouble) func(*member, *Config) {
	return func(m *member, c *Config) {
		if m.id == id {
			c.Dial = t.Dialer(m.w.room.Dialer(id))
		}
	}
}

// Whatever happens to one side's signalling, collisions are resolved and nothing is lost.
func TestTrouble(t *testing.T) {
	for name, settings := range map[string]trouble.Settings{
		"late":         {Delay: 300 * time.Millisecond},
		"late, lossy":  {Delay: 300 * time.Millisecond, Drop: .2},
		"out of order": {Jitter: time.Second},
		"doubled":      {Duplicate: 1},
		"all of it":    {Delay: 100 * time.Millisecond, Jitter: time.Second, Drop: .3, Duplicate: .3},
	} {
		for _, id := range []string{"a", "b"} {
			t.Run(name+" at "+id, func(t *testing.T) {
				inWorld(t, func(t *testing.T, w *world) {
					rough := &trouble.Trouble{Random: rand.New(rand.NewPCG(1, 2)).Float64}
					rough.Set(settings)
					a, b := w.connected(troubled(id, rough))
					for n := range 5 {
						answered := [2]int{a.count(trace.AnswerReceived), b.count(trace.AnswerReceived)}
						if n == 3 {
							rough.Cut(2 * time.Second)
						}
						a.peer.Renegotiate()
						b.peer.Renegotiate()
						for i, m := range []*member{a, b} {
							m.await("its offer is answered", func() bool { return m.count(trace.AnswerReceived) > answered[i] })
						}
					}
					if a.count(trace.CollisionRollback)+b.count(trace.CollisionIgnored) == 0 {
						t.Error("nothing has collided")
					}
					for _, m := range []*member{a, b} {
						if m.count(trace.Paired) != 1 || m.count(trace.Unpaired) > 0 {
							t.Errorf("the connection is another one:\n%s", m.log())
						}
					}
					w.talk(a, b)
				})
			})
		}
	}
}

// A peer that holds all its messages back still chats over its connection, and negotiates
// when it releases them.
func TestHold(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		rough := new(trouble.Trouble)
		a, b := w.connected(troubled("a", rough))
		answered := a.count(trace.AnswerReceived)
		rough.Set(trouble.Settings{Hold: true})
		a.peer.Renegotiate()
		time.Sleep(5 * time.Minute)
		if a.count(trace.AnswerReceived) > answered || a.count(trace.SignalingStalled) != 1 {
			t.Errorf("it was heard, or has not stalled:\n%s", a.log())
		}
		w.talk(a, b)
		rough.Set(trouble.Settings{})
		a.await("its offer is answered", func() bool { return a.count(trace.AnswerReceived) > answered })
	})
}

// sameRole makes two peers that both are polite, or both impolite, and whose offers
// cross.
func (w *world) sameRole(role wire.Role) (a, b *member) {
	w.room = &local.Room{SameRoles: true}
	slow := new(trouble.Trouble)
	slow.Set(trouble.Settings{Delay: 100 * time.Millisecond})
	same := func(_ *member, c *Config) { c.Role = role }
	return w.peer("a", same, troubled("a", slow)), w.peer("b", same)
}

// If both peers are polite, each rolls its offer back and answers the other's. Both
// answers are for offers that are gone, and trying again does not help.
func TestBothPolite(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.sameRole(wire.Polite)
		const rounds = 20
		for _, m := range []*member{a, b} {
			m.onTrace(trace.AnswerDropped, m.peer.Renegotiate)
		}
		for _, m := range []*member{a, b} {
			m.await("it has taken back many offers", func() bool { return m.count(trace.CollisionRollback) > rounds })
			if m.count(trace.Connected) > 0 || m.count(trace.AnswerDropped) < rounds {
				t.Errorf("it is connected, or its offers were answered:\n%s", m.log())
			}
		}
	})
}

// If both are impolite, each waits for an answer for ever.
func TestBothImpolite(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.sameRole(wire.Impolite)
		time.Sleep(time.Second)
		a.peer.Renegotiate()
		b.peer.Renegotiate()
		time.Sleep(time.Hour)
		for _, m := range []*member{a, b} {
			last := m.story()[len(m.story())-1]
			if m.count(trace.CollisionIgnored) != 1 || m.count(trace.AnswerReceived) > 0 || last.State != trace.HaveLocalOffer {
				t.Errorf("it does not wait:\n%s", m.log())
			}
		}
	})
}
