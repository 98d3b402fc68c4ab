//go:build !js

package trouble

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/local"
	"perfect-negotiation/negotiation/signaling/wire"
)

// pair is two peers in a room, a with trouble. Time passes as soon as both wait.
type pair struct {
	t       *testing.T
	trouble Trouble
	a, b    *member
}

// member writes down what its handler hears, and when.
type member struct {
	start     time.Time
	transport signaling.Transport

	mu    sync.Mutex
	heard []string
}

func (m *member) hear(what string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.heard = append(m.heard, what+"@"+time.Since(m.start).String())
}

// told waits until all wait, and returns what was heard since the last time.
func (m *member) told() []string {
	synctest.Wait()
	m.mu.Lock()
	defer m.mu.Unlock()
	heard := m.heard
	m.heard = nil
	return heard
}

// inPair runs f with two who have met. They begin at 0.
func inPair(t *testing.T, f func(p *pair)) {
	synctest.Test(t, func(t *testing.T) {
		p := &pair{t: t}
		var room local.Room
		p.a = p.join("a", p.trouble.Dialer(room.Dialer("a")))
		p.b = p.join("b", room.Dialer("b"))
		synctest.Wait()
		p.hears(p.a, "connected@0s", "welcome@0s", "joined@0s")
		p.hears(p.b, "connected@0s", "welcome@0s")
		defer func() {
			for _, m := range []*member{p.a, p.b} {
				m.transport.Close()
				<-m.transport.Done()
			}
		}()
		f(p)
	})
}

func (p *pair) join(id string, dial signaling.Dialer) *member {
	m := &member{start: time.Now()}
	var err error
	m.transport, err = dial(context.Background(), signaling.Options{Room: "inn"}, signaling.Handler{
		Connected: func() { m.hear("connected") },
		Received: func(e signaling.Envelope) {
			switch {
			case e.Welcome != nil:
				m.hear("welcome")
			case e.Joined != nil:
				m.hear("joined")
			case e.Left != nil:
				m.hear("left")
			case e.Error != nil:
				m.hear(e.Error.Code)
			default:
				m.hear(e.Request)
			}
		},
		Disconnected: func(err error, retry time.Duration, final bool) {
			m.hear(fmt.Sprintf("%v, again in %s, final %t", err, retry, final))
		},
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return m
}

// hears checks what was heard since the last time.
func (p *pair) hears(m *member, want ...string) {
	p.t.Helper()
	if got := strings.Join(m.told(), " "); got != strings.Join(want, " ") {
		p.t.Errorf("it hears %q, want %q", got, want)
	}
}

func (p *pair) say(from *member, to, text string) {
	p.t.Helper()
	if err := from.transport.Send(signaling.Envelope{To: to, Request: text}); err != nil {
		p.t.Fatal(err)
	}
}

// Trouble befalls what goes both ways, at the times at which it is on.
func TestSettings(t *testing.T) {
	inPair(t, func(p *pair) {
		p.say(p.a, "b", "no trouble")
		p.trouble.Set(Settings{Delay: 300 * ms})
		p.say(p.a, "b", "there")
		p.say(p.b, "a", "back")
		time.Sleep(100 * ms)
		p.trouble.Set(Settings{}) // what is on its way stays so
		p.say(p.a, "b", "after it")
		time.Sleep(time.Second)
		p.say(p.a, "b", "at once")
		p.hears(p.b, "no trouble@0s", "there@300ms", "after it@300ms", "at once@1.1s")
		p.hears(p.a, "back@300ms")
	})
}

// What the relay says is not troubled.
func TestTheRelayIsLeftAlone(t *testing.T) {
	inPair(t, func(p *pair) {
		p.trouble.Set(Settings{Delay: time.Second, Drop: 1, Hold: true})
		p.b.transport.Close()
		p.hears(p.a, "left@0s")
	})
}

// What is held comes in order when it is held no more, and late if it was to be late.
func TestHold(t *testing.T) {
	inPair(t, func(p *pair) {
		p.trouble.Set(Settings{Hold: true})
		for n := range 3 {
			p.say(p.a, "b", fmt.Sprint(n))
			p.say(p.b, "a", fmt.Sprint(n))
		}
		time.Sleep(time.Minute)
		p.hears(p.a)
		p.hears(p.b)
		p.trouble.Set(Settings{Hold: true, Delay: 5 * time.Second})
		p.say(p.a, "b", "late")
		time.Sleep(time.Second)
		p.trouble.Set(Settings{})
		p.hears(p.b, "0@1m1s", "1@1m1s", "2@1m1s")
		p.hears(p.a, "0@1m1s", "1@1m1s", "2@1m1s")
		time.Sleep(time.Minute)
		p.hears(p.b, "late@1m5s")
	})
}

// A sender is told when too much is held. What comes then is lost.
func TestHoldTooMuch(t *testing.T) {
	inPair(t, func(p *pair) {
		p.trouble.Set(Settings{Hold: true})
		for range maxWaiting {
			p.say(p.a, "b", "x")
			p.say(p.b, "a", "y")
		}
		if err := p.a.transport.Send(signaling.Envelope{To: "b"}); !errors.Is(err, signaling.ErrSlow) {
			t.Errorf("%v", err)
		}
		synctest.Wait()
		p.say(p.b, "a", "too much")
		synctest.Wait()
		p.trouble.Set(Settings{})
		if a, b := len(p.a.told()), len(p.b.told()); a != maxWaiting || b != maxWaiting {
			t.Errorf("of %d they hear %d and %d", maxWaiting, a, b)
		}
	})
}

// A message that no relay would pass on is refused at once.
func TestTooLarge(t *testing.T) {
	inPair(t, func(p *pair) {
		p.trouble.Set(Settings{Delay: time.Second})
		if err := p.a.transport.Send(signaling.Envelope{To: "b", Request: strings.Repeat("x", wire.MaxFrame)}); !errors.Is(err, signaling.ErrTooLarge) {
			t.Errorf("%v", err)
		}
	})
}

// Values out of bounds become the nearest ones.
func TestBounds(t *testing.T) {
	var trouble Trouble
	trouble.Set(Settings{Delay: -1, Jitter: time.Hour, Drop: -1, Duplicate: 7})
	if got, want := trouble.Settings(), (Settings{Jitter: MaxDelay, Duplicate: 1}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	trouble.Cut(time.Second) // there is nothing to cut
}

func TestCut(t *testing.T) {
	const cut = "the connection was cut here, again in 3s, final false"
	inPair(t, func(p *pair) {
		p.trouble.Set(Settings{Delay: time.Second})
		p.say(p.a, "b", "lost")
		p.say(p.b, "a", "lost")
		p.trouble.Cut(3 * time.Second)
		synctest.Wait()
		p.trouble.Cut(time.Hour) // it is cut
		if err := p.a.transport.Send(signaling.Envelope{To: "b"}); !errors.Is(err, signaling.ErrNotConnected) {
			t.Errorf("it sends: %v", err)
		}
		p.hears(p.b, "left@0s")
		p.a.transport.Check()
		p.a.transport.Check()
		p.hears(p.a, cut+"@0s", "connected@0s", "welcome@0s")
		p.hears(p.b, "joined@0s")

		p.trouble.Cut(3 * time.Second)
		time.Sleep(10 * time.Second)
		p.hears(p.a, cut+"@0s", "connected@3s", "welcome@3s")
		p.hears(p.b, "left@0s", "joined@3s")
		p.say(p.a, "b", "again")
		time.Sleep(time.Minute)
		p.hears(p.b, "again@11s")

		p.trouble.Cut(time.Hour)
		synctest.Wait() // it ends while it is cut
	})
}

// What can never work is refused at once.
func TestBadOptions(t *testing.T) {
	var trouble Trouble
	if _, err := trouble.Dialer(signaling.Relay)(t.Context(), signaling.Options{Room: "inn"}, signaling.Handler{}); err == nil {
		t.Error("it needs no server")
	}
}
