//go:build !js

package local_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/local"
	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/server/relay"
)

// world is a room, or a relay, and the names of those in it.
type world struct {
	t     *testing.T
	dial  func(name string) signaling.Dialer
	names map[string]string // by id
}

// member writes down what its handler hears, one line each.
type member struct {
	w         *world
	id        string
	transport signaling.Transport
	heard     chan string
}

// join has a peer join, which hears this first.
func (w *world) join(name string, o signaling.Options, first ...string) *member {
	w.t.Helper()
	m := &member{w: w, heard: make(chan string, 100)}
	welcome := make(chan string, 1)
	var err error
	m.transport, err = w.dial(name)(w.t.Context(), o, signaling.Handler{
		Connected: func() { m.heard <- "connected" },
		Received: func(e signaling.Envelope) {
			if e.Welcome != nil {
				welcome <- e.Welcome.ID
			}
			m.heard <- w.line(e)
		},
		Disconnected: func(err error, _ time.Duration, final bool) {
			var refused *wire.Error
			errors.As(err, &refused)
			m.heard <- fmt.Sprintf("disconnected by %s, final %t", refused.Code, final)
		},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	m.hears(append([]string{"connected"}, first...)...)
	select {
	case m.id = <-welcome:
		w.names[m.id] = name
	default:
	}
	return m
}

// line is an envelope in words. Peers are named as the test names them.
func (w *world) line(e signaling.Envelope) string {
	said := func(m wire.Member) string {
		rank := "no rank"
		if m.Rank != nil {
			rank = fmt.Sprint("rank ", *m.Rank)
		}
		return strings.TrimSpace(string(m.Role) + " " + rank)
	}
	switch {
	case e.Welcome != nil:
		line := fmt.Sprintf("welcome to %s, protocol %d", e.Welcome.Room, e.Welcome.Protocol)
		for _, m := range e.Welcome.Peers {
			line += ", with " + w.names[m.ID] + ": " + said(m)
		}
		return line
	case e.Joined != nil:
		return "joined: " + said(*e.Joined)
	case e.Left != nil:
		return "left: " + w.names[e.Left.ID]
	case e.Error != nil:
		return "error: " + e.Error.Code
	}
	return w.names[e.From] + " says " + e.Request
}

func (m *member) hears(lines ...string) {
	m.w.t.Helper()
	for _, want := range lines {
		select {
		case got := <-m.heard:
			if got != want {
				m.w.t.Fatalf("it hears %q, not %q", got, want)
			}
		case <-time.After(20 * time.Second):
			m.w.t.Fatalf("it never hears %q", want)
		}
	}
}

// says sends a message, to all if to is empty.
func (m *member) says(to, text string) {
	m.w.t.Helper()
	if err := m.transport.Send(signaling.Envelope{To: to, From: "somebody else", Request: text}); err != nil {
		m.w.t.Fatal(err)
	}
}

// ends waits until it has ended, and checks that it has heard nothing more.
func (m *member) ends() {
	m.w.t.Helper()
	select {
	case <-m.transport.Done():
	case <-time.After(20 * time.Second):
		m.w.t.Fatal("it never ends")
	}
	select {
	case line := <-m.heard:
		m.w.t.Errorf("it hears %q as well", line)
	default:
	}
}

// TestLikeTheRelay has the same things happen in a room and over a relay. The peers hear
// the same.
func TestLikeTheRelay(t *testing.T) {
	room := func(t *testing.T) *world {
		r := new(local.Room)
		return &world{t: t, dial: r.Dialer, names: map[string]string{}}
	}
	overRelay := func(t *testing.T) *world {
		r := relay.New(relay.Config{})
		server := httptest.NewServer(r)
		t.Cleanup(func() {
			_ = r.Shutdown(context.Background())
			server.Close()
		})
		keys := map[string]string{}
		return &world{t: t, names: map[string]string{}, dial: func(name string) signaling.Dialer {
			if keys[name] == "" {
				keys[name] = signaling.NewKey()
			}
			return func(ctx context.Context, o signaling.Options, h signaling.Handler) (signaling.Transport, error) {
				o.Server, o.Key = server.URL, keys[name]
				return signaling.Relay(ctx, o, h)
			}
		}}
	}
	options := func(role wire.Role) signaling.Options {
		return signaling.Options{Room: "inn", Role: role, Rank: new(3)}
	}
	for name, happens := range map[string]func(w *world){
		"they come, talk and go": func(w *world) {
			a := w.join("a", options(""), "welcome to inn, protocol 1")
			b := w.join("b", options(""), "welcome to inn, protocol 1, with a: rank 3")
			plain := w.join("plain", signaling.Options{Room: "inn"}, "welcome to inn, protocol 1, with a: rank 3, with b: rank 3")
			a.hears("joined: rank 3", "joined: no rank")
			b.hears("joined: no rank")
			a.says(b.id, "1")
			a.says(b.id, "2")
			a.says(a.id, "to myself")
			b.hears("a says 1", "a says 2")
			plain.says("", "to all")
			a.hears("plain says to all")
			b.hears("plain says to all")
			b.transport.Close()
			b.ends()
			a.hears("left: b")
			plain.hears("left: b")
			a.says(b.id, "too late")
			a.hears("error: not-found")
			if err := b.transport.Send(signaling.Envelope{To: a.id}); !errors.Is(err, signaling.ErrNotConnected) {
				w.t.Errorf("it still sends: %v", err)
			}
			long := strings.Repeat("x", wire.MaxFrame)
			if err := a.transport.Send(signaling.Envelope{To: plain.id, Request: long}); !errors.Is(err, signaling.ErrTooLarge) {
				w.t.Errorf("it sends more than a frame: %v", err)
			}
			plain.transport.Close()
			plain.ends()
			a.hears("left: plain")
			a.transport.Close()
			a.ends()
		},
		"it comes again": func(w *world) {
			a := w.join("a", options(""), "welcome to inn, protocol 1")
			b := w.join("b", options(""), "welcome to inn, protocol 1, with a: rank 3")
			a.hears("joined: rank 3")
			again := w.join("b", options(""), "welcome to inn, protocol 1, with a: rank 3")
			b.hears("error: replaced", "disconnected by replaced, final true")
			b.ends()
			a.hears("joined: rank 3")
			a.says(again.id, "hello")
			again.hears("a says hello")
			again.transport.Close()
			a.hears("left: b")
			a.transport.Close()
			a.ends()
		},
		"with roles": func(w *world) {
			a := w.join("a", options(wire.Polite), "welcome to inn, protocol 1")
			w.join("also polite", options(wire.Polite), "error: role-taken", "disconnected by role-taken, final true").ends()
			b := w.join("b", options(wire.Impolite), "welcome to inn, protocol 1, with a: polite rank 3")
			a.hears("joined: impolite rank 3")
			w.join("third", options(""), "error: room-full", "disconnected by room-full, final true").ends()
			a.transport.Close()
			b.hears("left: a")
			b.transport.Close()
			b.ends()
		},
	} {
		for where, world := range map[string]func(*testing.T) *world{"a room": room, "a relay": overRelay} {
			t.Run(name+" in "+where, func(t *testing.T) { happens(world(t)) })
		}
	}
}

// Two of the same role are told that the other has the opposite one.
func TestSameRoles(t *testing.T) {
	for role, opposite := range map[wire.Role]wire.Role{wire.Polite: wire.Impolite, wire.Impolite: wire.Polite} {
		r := &local.Room{SameRoles: true}
		w := &world{t: t, dial: r.Dialer, names: map[string]string{}}
		o := signaling.Options{Room: "inn", Role: role}
		a := w.join("a", o, "welcome to inn, protocol 1")
		b := w.join("b", o, "welcome to inn, protocol 1, with a: "+string(opposite)+" no rank")
		a.hears("joined: " + string(opposite) + " no rank")
		a.transport.Close()
		a.ends()
		b.hears("left: a")
		b.transport.Close()
		b.ends()
	}
}

// What a handler does not take yet waits, up to a limit. The sender is told.
func TestASlowHandler(t *testing.T) {
	var r local.Room
	w := &world{t: t, dial: r.Dialer, names: map[string]string{}}
	a := w.join("a", signaling.Options{Room: "inn"}, "welcome to inn, protocol 1")
	first, goOn := make(chan struct{}), make(chan struct{})
	var heard []string
	slow, err := r.Dialer("slow")(t.Context(), signaling.Options{Room: "inn"}, signaling.Handler{
		Connected: func() {},
		Received: func(e signaling.Envelope) {
			if e.Welcome != nil {
				close(first)
				<-goOn
				return
			}
			if heard = append(heard, e.Request); e.Request == "last" {
				close(first)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	<-first
	first = make(chan struct{})
	var sent []string
	for n := 0; ; n++ {
		text := fmt.Sprint(n)
		if err := a.transport.Send(signaling.Envelope{To: "slow", Request: text}); err != nil {
			if !errors.Is(err, signaling.ErrSlow) || n < 64 {
				t.Fatalf("after %d: %v", n, err)
			}
			break
		}
		sent = append(sent, text)
	}
	close(goOn)
	for a.transport.Send(signaling.Envelope{To: "slow", Request: "last"}) != nil {
	}
	<-first
	if !slices.Equal(heard, append(sent, "last")) {
		t.Errorf("of %d it hears %d", len(sent)+1, len(heard))
	}
	slow.Close()
	<-slow.Done()
	a.transport.Close()
	<-a.transport.Done()
}

// What can never work is refused at once, as over a relay.
func TestBadOptions(t *testing.T) {
	if _, err := new(local.Room).Dialer("a")(t.Context(), signaling.Options{Room: "inn", Role: "shy"}, signaling.Handler{}); err == nil || !strings.Contains(err.Error(), "role") {
		t.Errorf("%v", err)
	}
}

// A peer leaves when the context of its dial ends.
func TestTheContextEnds(t *testing.T) {
	var r local.Room
	ctx, cancel := context.WithCancel(t.Context())
	gone, err := r.Dialer("a")(ctx, signaling.Options{Room: "inn"}, signaling.Handler{Connected: func() {}, Received: func(signaling.Envelope) {}})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	<-gone.Done()
}
