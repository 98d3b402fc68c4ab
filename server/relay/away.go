package relay

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"perfect-negotiation/negotiation/signaling/wire"
)

// findTimeout is how long a client waits for a room whose node has died, until another
// one may take it over.
const findTimeout = 5 * time.Second

// away is what a connection has in a cluster: where its room lives, and what the client
// owes for what happened there.
type away struct {
	place               Place // guarded by the lock of the relay until the client is in the room, constant then
	bytes, frames, toll atomic.Int64
}

// find makes c a member of the room that it names, wherever that lives, or says why it
// may not join.
func (r *Relay) find(c *conn) *wire.Error {
	c.away = new(away)
	ctx, cancel := context.WithTimeout(c.ended, findTimeout)
	defer cancel()
	for {
		place, refused := r.config.Cluster.Find(ctx, c.name)
		if refused != nil {
			return refused
		}
		closed := r.lodge(c, place)
		switch {
		case place.Here():
			if refused = r.join(c); refused == nil {
				if place.Here() {
					return nil
				}
				r.leave(c)
				refused = errMoved
			}
		case closed:
			refused = errShutdown(0, r.config.ReturnsPerSecond)
		default:
			err := place.Enter(ctx, Entrance{c.name, c.member, c.dial.String(), c.spoken, c.grant.PeersPerRoom}, receiver{c, place})
			if err == nil {
				return nil
			}
			errors.As(err, &refused)
		}
		place.Leave()
		if refused != nil {
			return refused
		}
	}
}

// lodge notes where the room of c lives, and reports whether the relay is closed.
func (r *Relay) lodge(c *conn, p Place) (closed bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c.away.place = p
	return r.closed
}

// depart takes c out of its room, wherever that lives. It may be called again.
func (r *Relay) depart(c *conn) {
	if c.room != nil {
		r.leave(c)
	}
	if c.away == nil {
		return
	}
	r.mu.Lock()
	place := c.away.place
	r.mu.Unlock()
	place.Leave()
}

// collect moves what the client owes to where the connection pays from.
func (a *away) collect(owed *cost, toll *int) {
	if a != nil && a.frames.Load()|a.toll.Load() != 0 {
		owed.add(cost{int(a.bytes.Swap(0)), int(a.frames.Swap(0))})
		*toll += int(a.toll.Swap(0))
	}
}

// receiver is a connection whose room lives on another node, as that sees it.
type receiver struct {
	*conn
	place Place
}

func (c receiver) Welcome(others []wire.Member) {
	c.relay.mu.Lock()
	defer c.relay.mu.Unlock()
	c.in.Store(true)
	c.greet(others)
}

func (c receiver) Send(text []byte) {
	s := newStamped(len(text)) // what waits must not keep more than itself
	s.data = append(s.data, text...)
	if toll := c.push(frame{websocket.TextMessage, s.data, s}); toll > 0 {
		c.place.Slow()
	}
	s.release()
}

func (c receiver) Charge(bytes, frames, toll int) {
	c.away.bytes.Add(int64(bytes))
	c.away.frames.Add(int64(frames))
	c.away.toll.Add(int64(toll * c.grant.BytesPerSecond / c.relay.config.BytesPerSecond))
}

func (c receiver) End(reason *wire.Error) { c.end(reason) }
