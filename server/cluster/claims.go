package cluster

import (
	"context"
	"sync"
	"time"

	"perfect-negotiation/server/relay"
)

const (
	keepTime   = time.Second            // for which a room that nobody is in stays claimed
	askTime    = time.Second            // for which one request to KV may take
	retryTime  = 100 * time.Millisecond // between two looks at a claim that must change
	markerTime = time.Minute            // after which nothing is left of a claim that was given up
	doubtTime  = 500 * time.Millisecond // for which a node is not asked again whether a room lives there
	recentTime = 10 * time.Second       // for which it is known where a room lives in which we have nobody
	atOnce     = 32                     // requests to KV
)

// term orders the claims of one room: a later one has a higher term.
type term struct {
	Generation int64 // when the bucket was made, in Unix nanoseconds
	Revision   uint64
}

func (t term) before(u term) bool {
	return t.Generation < u.Generation || t.Generation == u.Generation && t.Revision < u.Revision
}

// claim is a room that lives here, or is about to.
type claim struct {
	room string

	// Guarded by claims.mu.
	term    term
	state   state
	users   int           // places and guests that hold it
	settled chan struct{} // closed when it is held, or nothing any more
}

type state int

const (
	claiming state = iota
	held
	releasing
	lost
)

// claims are the rooms that live here, and where others do. A claim is an entry in KV:
// the room's fingerprint → the node's id.
type claims struct {
	node *Node

	mu        sync.Mutex
	ready     bool // KV can be asked, and all claims are good
	closed    bool
	of        map[string]*claim
	idle      map[*claim]time.Time // held by nobody since then
	elsewhere map[string]*elsewhere
	forgot    time.Time // when some of these were forgotten last
}

// use holds a claim. The caller holds the lock.
func (cs *claims) use(c *claim) {
	c.users++
	delete(cs.idle, c)
}

// hold returns the claim of a room that a client of another node wants to enter, which
// has found it with this term; nil: it does not live here.
func (cs *claims) hold(room string, t term) *claim {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	c := cs.of[room]
	switch {
	case cs.closed:
		return nil
	case c == nil:
		if cs.ready { // KV may have a claim of ours that we do not know of
			c = &claim{room: room, term: t, settled: make(chan struct{})}
			cs.of[room] = c
			cs.node.running.Go(func() {
				_ = cs.purge(context.Background(), c) // whoever finds it asks again
				cs.drop(c)
			})
		}
		return nil
	case c.state != held:
		return nil
	case c.term.before(t):
		cs.node.lease.suspect()
		return nil
	case !cs.node.lease.fresh():
		return nil
	}
	cs.use(c)
	return c
}

// leave lets go of a claim.
func (cs *claims) leave(c *claim) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	c.users--
	if c.users == 0 && c.state == held {
		cs.idle[c] = time.Now()
	}
}

// holds reports whether a claim is good, as far as is known.
func (cs *claims) holds(c *claim) bool {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	return c.state == held
}

// suspend has no room claimed until resume.
func (cs *claims) suspend() {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	cs.ready = false
}

func (cs *claims) resume() {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	cs.ready = true
}

func (cs *claims) isReady() bool {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	return cs.ready
}

// Refuses implements [relay.Cluster].
func (n *Node) Refuses(room string) *relay.Refusal {
	n.claims.mu.Lock()
	defer n.claims.mu.Unlock()
	if c := n.claims.of[room]; n.claims.ready || c != nil && c.state == held {
		return nil
	}
	return refuseUnavailable
}

// close has no room claimed any more.
func (cs *claims) close() {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	cs.closed = true
}

// ask asks KV something, for askTime.
func ask[T any](ctx context.Context, f func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	return f(ctx)
}

// pause waits, unless ctx ends before.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
