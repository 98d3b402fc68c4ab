// Package local is a room inside one program: its members hear each other as they would
// over a relay, by the same rules, without a network. It is for tests, and to show both
// sides of a negotiation at once.
//
//	var room local.Room
//	left, err := peer.Join(ctx, peer.Config{
//		Options: signaling.Options{Room: "demo", Role: wire.Polite},
//		Dial:    room.Dialer("left"),
//	})
package local

import (
	"context"
	"fmt"
	"math"
	"sync"

	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/wire"
)

// Room is the peers that hear each other. The zero value is an empty room. Its methods
// may be called from any goroutine.
type Room struct {
	// SameRoles admits peers that state the same role, and tells each that the others
	// have the opposite one. So both peers of a pair are polite, or both impolite: to
	// show what becomes of them. Set it before the first peer joins.
	SameRoles bool

	mu      sync.Mutex
	members []*member // in order of joining
}

// Dialer returns a dialer that joins as the peer id. Of two peers with the same id the
// later one replaces the other. Server and Key of the options are not used. There is no
// connection that could be lost: once a peer is out, it is so for good.
func (r *Room) Dialer(id string) signaling.Dialer {
	return func(ctx context.Context, o signaling.Options, handler signaling.Handler) (signaling.Transport, error) {
		if err := o.Validate(); err != nil {
			return nil, fmt.Errorf("local: %w", err)
		}
		m := &member{room: r, self: wire.Member{ID: id, Role: o.Role, Rank: o.Rank}, inbox: signaling.NewInbox(handler)}
		m.inbox.Connected()
		r.join(m, o.Room)
		r.mu.Lock()
		defer r.mu.Unlock()
		m.stop = context.AfterFunc(ctx, m.Close)
		return m, nil
	}
}

// join welcomes m and tells the others, or tells it why it may not join.
func (r *Room) join(m *member, name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var others []*member
	var known, shown []wire.Member
	for _, other := range r.members {
		if other.self.ID == m.self.ID {
			other.refuse(&wire.Error{Code: wire.CodeReplaced, Message: "another peer with this id has joined"})
			continue
		}
		others = append(others, other)
		known = append(known, other.self)
		shown = append(shown, r.shown(other, m))
	}
	if refused := wire.Admit(m.self, known, math.MaxInt); refused != nil && !r.SameRoles {
		r.members = others
		m.refuse(refused)
		return
	}
	r.members = append(others, m)
	m.inbox.Received(signaling.Envelope{Welcome: &wire.Welcome{ID: m.self.ID, Room: name, Peers: shown, Protocol: wire.Protocol}})
	for _, other := range others {
		joined := r.shown(m, other)
		other.inbox.Received(signaling.Envelope{Joined: &joined})
	}
}

// shown returns how m is announced to another member.
func (r *Room) shown(m, to *member) wire.Member {
	self := m.self
	if r.SameRoles && self.Role == to.self.Role {
		switch self.Role {
		case wire.Polite:
			self.Role = wire.Impolite
		case wire.Impolite:
			self.Role = wire.Polite
		}
	}
	return self
}

// leave takes m out and tells the others, if it is in.
func (r *Room) leave(m *member) {
	var others []*member
	for _, other := range r.members {
		if other != m {
			others = append(others, other)
		}
	}
	if len(others) == len(r.members) {
		return
	}
	r.members = others
	for _, other := range others {
		other.inbox.Received(signaling.Envelope{Left: &wire.Left{ID: m.self.ID}})
	}
}
