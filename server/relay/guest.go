package relay

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"perfect-negotiation/negotiation/signaling/wire"
)

// slowTime is for how long a guest counts as one for which much waits.
const slowTime = 300 * time.Millisecond

// Guest is a client of another node that is a member of a room here. Pass and Leave must
// not overlap.
type Guest struct {
	conn *conn
}

// guest is what is special about the conn of a Guest, which has no WebSocket.
type guest struct {
	to        Receiver
	slowUntil atomic.Int64 // Unix nanoseconds
}

// Invite lets a client of another node into a room here, and welcomes it, or says why it
// may not come in.
func (r *Relay) Invite(e Entrance, to Receiver) (*Guest, *wire.Error) {
	ended, cancel := context.WithCancel(context.Background())
	c := &conn{
		relay:  r,
		guest:  &guest{to: to},
		name:   e.Room,
		member: e.Member,
		dial:   readDial(e.Dial),
		spoken: e.Protocol,
		grant:  Grant{PeersPerRoom: e.PeersPerRoom}.withDefaults(&r.config),
		pace:   newPace(r.config.BytesPerSecond, &r.config, time.Now()),
		ended:  ended,
		cancel: cancel,
	}
	if refused := r.join(c); refused != nil {
		cancel()
		return nil, refused
	}
	to.Charge(c.owed.bytes, c.owed.frames, c.toll)
	return &Guest{c}, nil
}

// Pass gives a message to its addressee, or to all others in the room.
func (g *Guest) Pass(m Message) {
	if g.conn.ending.Load() {
		return
	}
	s := newStamped(len(m.Data))
	s.data = append(s.data, m.Data...)
	deliveries, toll := g.conn.relay.pass(g.conn, envelope{to: m.To, addressed: m.Addressed}, frame{websocket.TextMessage, s.data, s})
	s.release()
	if more := max(deliveries-1, 0); more > 0 || toll > 0 {
		g.conn.guest.to.Charge(more*(messageCost+len(m.Data)), more, toll)
	}
}

// Slow notes that much waits for the guest at its node: who sends to it pays a toll.
func (g *Guest) Slow() { g.conn.guest.slowUntil.Store(time.Now().Add(slowTime).UnixNano()) }

// Leave takes the guest out of its room, and tells the others.
func (g *Guest) Leave() {
	g.conn.relay.leave(g.conn)
	g.conn.cancel()
}

// eachGuest calls f for all guests. The caller holds the lock of the relay.
func (r *Relay) eachGuest(f func(*conn)) {
	if r.config.Cluster == nil {
		return
	}
	for _, rm := range r.rooms {
		rm.mu.Lock()
		for _, c := range rm.peers {
			if c.guest != nil {
				f(c)
			}
		}
		rm.mu.Unlock()
	}
}

// push sends a frame to the node of the guest, and returns the toll.
func (g *guest) push(f frame, perSecond int) int {
	g.to.Send(f.data)
	if until := g.slowUntil.Load(); until == 0 || time.Now().UnixNano() > until {
		return 0
	}
	return toll(len(f.data), 1, 0, perSecond)
}

// Disband ends a room that lives on another node by now: its clients come back there.
func (r *Relay) Disband(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	rm := r.rooms[name]
	if rm == nil {
		return
	}
	delete(r.rooms, name)
	rm.mu.Lock()
	defer rm.mu.Unlock()
	for _, c := range rm.peers {
		c.end(errMoved)
	}
	rm.peers = nil
}
