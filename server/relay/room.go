package relay

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"perfect-negotiation/negotiation/signaling/wire"
)

// room is the peers that hear each other. A change of the peers and its
// announcement are one step under its lock.
type room struct {
	mu        sync.Mutex
	peers     []*conn // in order of joining
	newcomers newcomers
}

// join makes c a peer of the room that it names, welcomes it and tells the
// others. It takes the place of a peer with the same id. An error says why it
// may not join.
func (r *Relay) join(c *conn) *wire.Error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return errShutdown(0, r.config.ReturnsPerSecond)
	}
	rm, exists := r.rooms[c.name]
	if !exists {
		if len(r.rooms) >= r.config.Rooms {
			return errBusy(refuseRooms(len(r.rooms)).Message)
		}
		rm = new(room)
	}
	rm.mu.Lock()
	defer rm.mu.Unlock()
	others := make([]wire.Member, 0, len(rm.peers))
	for _, p := range rm.peers {
		if p.member.ID != c.member.ID {
			others = append(others, p.member)
		}
	}
	if err := wire.Admit(c.member, others, c.grant.PeersPerRoom); err != nil {
		return err
	}
	i := rm.index(c.member.ID)
	if i >= 0 && c.dial.before(rm.peers[i].dial) {
		return errReplaced // by a later dial of its own
	}
	if i < 0 && !rm.newcomers.take(c.member.ID, r.config.NewcomersPerRoom) {
		return errBusy("too many enter this room at once: try again in a moment")
	}
	r.rooms[c.name] = rm
	c.room = rm
	c.in.Store(true)
	if i >= 0 {
		c.pace = rm.peers[i].pace // it still owes for what it has sent
		c.pace.change(float64(c.grant.BytesPerSecond))
		rm.peers[i].end(errReplaced)
		rm.peers[i] = c
	} else {
		rm.peers = append(rm.peers, c)
	}
	c.greet(others)
	joined := notice{Joined: &c.member}.encode()
	_, toll := rm.tell(c, frameOf(joined))
	c.charge(len(rm.peers), len(joined))
	c.owe(toll)
	r.config.Logger.Debug("peer joined", "id", c.member.ID, "role", c.member.Role, "protocol", c.spoken, "peers", len(rm.peers))
	return nil
}

// greet welcomes c to a room with those others. The caller holds the lock of the relay.
func (c *conn) greet(others []wire.Member) {
	if c.guest != nil {
		c.guest.to.Welcome(others)
		return
	}
	c.send(notice{Welcome: &wire.Welcome{
		ID:         c.member.ID,
		Room:       c.name,
		Role:       c.member.Role,
		Peers:      others,
		ICEServers: c.iceServers(time.Now()),
		Protocol:   wire.Protocol,
		Version:    c.relay.config.Version,
		Ticket:     c.grant.Ticket,
	}}.encode())
	c.relay.totals.joins.Add(1)
}

// leave takes c out of its room and tells the others. It does nothing if c is
// out already or was replaced.
func (r *Relay) leave(c *conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c.room.mu.Lock()
	defer c.room.mu.Unlock()
	if !c.room.has(c) {
		return
	}
	c.room.peers = slices.DeleteFunc(c.room.peers, func(p *conn) bool { return p == c })
	if len(c.room.peers) == 0 {
		delete(r.rooms, c.name)
	}
	c.room.newcomers.remember(c.member.ID)
	c.room.tell(c, frameOf(notice{Left: &wire.Left{ID: c.member.ID}}.encode()))
	r.config.Logger.Debug("peer left", "id", c.member.ID, "peers", len(c.room.peers))
}

// pass gives the message of c to its addressee, which may be c, or to all
// others if it has none. A peer that has left or was replaced is no longer
// heard. It returns how many deliveries that made, and their toll.
func (r *Relay) pass(c *conn, e envelope, message frame) (deliveries, toll int) {
	c.room.mu.Lock()
	defer c.room.mu.Unlock()
	if !c.room.has(c) {
		return 0, 0
	}
	if !e.addressed {
		return c.room.tell(c, message)
	}
	i := c.room.index(e.to)
	if i < 0 {
		return 1, c.refuse(wire.CodeNotFound, fmt.Sprintf("no peer with the id %.40q is in the room", e.to))
	}
	return 1, c.room.peers[i].push(message)
}

func (rm *room) has(c *conn) bool { return slices.Contains(rm.peers, c) }

func (rm *room) index(id string) int {
	return slices.IndexFunc(rm.peers, func(p *conn) bool { return p.member.ID == id })
}

// tell sends message to all peers but c, and returns how many they are, and the toll.
func (rm *room) tell(c *conn, message frame) (deliveries, toll int) {
	for _, p := range rm.peers {
		if p != c {
			deliveries++
			toll += p.push(message)
		}
	}
	return deliveries, toll
}
