package cluster

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"perfect-negotiation/negotiation/signaling/wire"
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

// elsewhere is where a room lives as far as KV said last.
type elsewhere struct {
	node    string
	term    term
	found   time.Time // when KV said so
	doubted time.Time // when that node has said that it does not live there; zero: it has not
}

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

// Find implements [relay.Cluster].
func (n *Node) Find(ctx context.Context, room string) (relay.Place, *wire.Error) {
	cs := &n.claims
	for {
		cs.mu.Lock()
		c := cs.of[room]
		switch {
		case c != nil && c.state == held:
			cs.use(c)
			cs.mu.Unlock()
			return &here{node: n, claim: c}, nil
		case c != nil:
			settled := c.settled
			cs.mu.Unlock()
			select {
			case <-settled:
				continue
			case <-ctx.Done():
				return nil, errUnavailable
			}
		case !cs.ready || cs.closed:
			cs.mu.Unlock()
			return nil, errUnavailable
		}
		if e := cs.elsewhere[room]; e != nil && e.doubted.IsZero() {
			if l := n.link(e.node); l != nil && !l.gone() {
				cs.mu.Unlock()
				return &seat{link: l, room: room, term: e.term}, nil
			}
		}
		c = &claim{room: room, settled: make(chan struct{})}
		cs.of[room] = c
		cs.mu.Unlock()

		owner, t, err := cs.settle(ctx, room)
		place := cs.note(c, owner, t, err)
		if err != nil {
			n.log.Debug("room not found", "error", err)
			return nil, errUnavailable
		}
		return place, nil
	}
}

// note notes where a room that was being claimed lives, and returns that.
func (cs *claims) note(c *claim, owner string, t term, err error) relay.Place {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	defer close(c.settled)
	if err == nil && owner == cs.node.id {
		c.state, c.term = held, t
		delete(cs.elsewhere, c.room)
		cs.use(c)
		return &here{node: cs.node, claim: c}
	}
	delete(cs.of, c.room)
	if err != nil {
		return nil
	}
	cs.elsewhere[c.room] = &elsewhere{node: owner, term: t, found: time.Now()}
	return &seat{link: cs.node.link(owner), room: c.room, term: t}
}

// settle asks KV where a room lives, and claims it if that is nowhere, or on a node that
// is gone. Until that is certain it waits.
func (cs *claims) settle(ctx context.Context, room string) (owner string, t term, err error) {
	n := cs.node
	key, me := n.key(room), []byte(n.id)
	rooms, generation := n.lease.rooms()
	for {
		revision, err := ask(ctx, func(ctx context.Context) (uint64, error) { return rooms.Create(ctx, key, me) })
		if err == nil {
			return cs.mine(room, term{generation, revision}), term{generation, revision}, nil
		}
		if !errors.Is(err, jetstream.ErrKeyExists) {
			return "", t, err
		}
		entry, err := ask(ctx, func(ctx context.Context) (jetstream.KeyValueEntry, error) { return rooms.Get(ctx, key) })
		if errors.Is(err, jetstream.ErrKeyNotFound) {
			continue // it was given up just now
		}
		if err != nil {
			return "", t, err
		}
		owner, t = string(entry.Value()), term{generation, entry.Revision()}
		if owner == n.id {
			return cs.mine(room, t), t, nil
		}
		l := n.link(owner)
		switch {
		case l == nil:
			return "", t, errors.New("a claim that no node has made, or too many nodes")
		case cs.older(room, t): // a replica of KV is behind
		case !l.gone():
			if !cs.doubts(room, t) {
				cs.fence(room, owner, t)
				return owner, t, nil
			}
		case n.lease.orphaned(ctx, owner):
			revision, err := ask(ctx, func(ctx context.Context) (uint64, error) { return rooms.Update(ctx, key, me, t.Revision) })
			if err == nil {
				n.stats.takeovers.Add(1)
				n.log.Info("room taken over", "from", owner)
				t.Revision = revision
				return cs.mine(room, t), t, nil
			}
		}
		if err := pause(ctx, retryTime); err != nil {
			return "", t, err
		}
	}
}

// mine returns this node's id, after what was told of the room elsewhere has ended.
func (cs *claims) mine(room string, t term) string {
	cs.fence(room, cs.node.id, t)
	return cs.node.id
}

// older reports whether something newer is known of a room than this term.
func (cs *claims) older(room string, t term) bool {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	e := cs.elsewhere[room]
	return e != nil && t.before(e.term)
}

// doubts reports whether the owner of a room in this term has just said that it does not
// live there: then KV will say so, too, or the owner thinks again.
func (cs *claims) doubts(room string, t term) bool {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	e := cs.elsewhere[room]
	return e != nil && t == e.term && time.Since(e.doubted) < doubtTime
}

// doubt notes that a room does not live where it was found.
func (cs *claims) doubt(room string, t term) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if e := cs.elsewhere[room]; e != nil && e.term == t {
		e.doubted = time.Now()
	}
}

// fence ends our clients in that room of any other node than its owner.
func (cs *claims) fence(room, owner string, t term) {
	cs.mu.Lock()
	e := cs.elsewhere[room]
	cs.mu.Unlock()
	if e == nil || e.node == owner {
		return // nobody was told of another one
	}
	for _, l := range cs.node.all() {
		if l.peer != owner {
			l.fence(room, t)
		}
	}
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

// keep tidies the claims until the node stops.
func (cs *claims) keep() {
	ticker := time.NewTicker(keepTime)
	defer ticker.Stop()
	for {
		select {
		case <-cs.node.stop:
			return
		case now := <-ticker.C:
			cs.forget(now)
			cs.tidy(now)
		}
	}
}

// forget forgets where rooms live in which this node has no client.
func (cs *claims) forget(now time.Time) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if now.Sub(cs.forgot) < recentTime {
		return
	}
	cs.forgot = now
	used := map[string]bool{}
	for _, l := range cs.node.all() {
		l.rooms(used)
	}
	for room, e := range cs.elsewhere {
		if !used[room] && now.Sub(e.found) >= recentTime {
			delete(cs.elsewhere, room)
		}
	}
}

// tidy gives up the rooms that nobody has been in for a while.
func (cs *claims) tidy(now time.Time) {
	cs.mu.Lock()
	var unused []*claim
	for c, since := range cs.idle {
		if now.Sub(since) >= keepTime && cs.ready {
			cs.quit(c)
			unused = append(unused, c)
		}
	}
	cs.mu.Unlock()
	cs.releaseThese(context.Background(), unused)
}

// quit begins to give a claim up. The caller holds the lock.
func (cs *claims) quit(c *claim) {
	delete(cs.idle, c)
	c.state, c.settled = releasing, make(chan struct{})
}

func (cs *claims) releaseThese(ctx context.Context, unused []*claim) {
	var group errgroup.Group
	group.SetLimit(atOnce)
	for _, c := range unused {
		group.Go(func() error {
			cs.release(ctx, c)
			return nil
		})
	}
	_ = group.Wait() // release has no error
}

// release takes a claim out of KV. If that cannot be, the room goes on living here.
func (cs *claims) release(ctx context.Context, c *claim) {
	if cs.purge(ctx, c) == nil {
		cs.drop(c)
		return
	}
	cs.mu.Lock()
	defer cs.mu.Unlock()
	c.state = held
	cs.idle[c] = time.Now()
	close(c.settled)
}

// purge takes a claim out of KV, if it is there.
func (cs *claims) purge(ctx context.Context, c *claim) error {
	rooms, _ := cs.node.lease.rooms()
	_, err := ask(ctx, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, rooms.Purge(ctx, cs.node.key(c.room), jetstream.LastRevision(c.term.Revision), jetstream.PurgeTTL(markerTime))
	})
	if errors.Is(err, jetstream.ErrKeyRevisionMismatch) {
		return nil
	}
	return err
}

// drop forgets a claim that was given up.
func (cs *claims) drop(c *claim) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	delete(cs.of, c.room)
	close(c.settled)
}

// validate asks KV for all claims, makes those anew that are gone, and ends the rooms
// that live elsewhere by now. It reports whether all could be asked.
func (cs *claims) validate(ctx context.Context) bool {
	cs.mu.Lock()
	var all []*claim
	for _, c := range cs.of {
		if c.state == held {
			all = append(all, c)
		}
	}
	cs.mu.Unlock()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, c := range all {
		group.Go(func() error { return cs.confirm(ctx, c) })
	}
	return group.Wait() == nil
}

// confirm asks KV for one claim.
func (cs *claims) confirm(ctx context.Context, c *claim) error {
	n := cs.node
	key := n.key(c.room)
	rooms, generation := n.lease.rooms()
	var revision uint64
	entry, err := ask(ctx, func(ctx context.Context) (jetstream.KeyValueEntry, error) { return rooms.Get(ctx, key) })
	switch {
	case errors.Is(err, jetstream.ErrKeyNotFound):
		revision, err = ask(ctx, func(ctx context.Context) (uint64, error) { return rooms.Create(ctx, key, []byte(n.id)) })
		if errors.Is(err, jetstream.ErrKeyExists) {
			return cs.confirm(ctx, c)
		}
	case err == nil && string(entry.Value()) != n.id:
		cs.lose(c, string(entry.Value()))
		return nil
	case err == nil:
		revision = entry.Revision()
	}
	if err != nil {
		return err
	}
	cs.mu.Lock()
	defer cs.mu.Unlock()
	c.term = term{generation, revision}
	return nil
}

// lose ends a room that lives elsewhere by now.
func (cs *claims) lose(c *claim, owner string) {
	cs.mu.Lock()
	if c.state != held {
		cs.mu.Unlock()
		return
	}
	c.state = lost
	delete(cs.of, c.room)
	delete(cs.idle, c)
	cs.mu.Unlock()
	cs.node.stats.lost.Add(1)
	cs.node.log.Warn("a room of this node lives elsewhere by now: its clients come back there", "node", owner)
	cs.node.relay.Disband(c.room)
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

// releaseAll gives up all rooms, whoever is in them.
func (cs *claims) releaseAll(ctx context.Context) {
	if ctx.Err() != nil || !cs.node.nats.IsConnected() {
		return // others find out by themselves
	}
	cs.mu.Lock()
	var all []*claim
	for _, c := range cs.of {
		if c.state == held {
			cs.quit(c)
			all = append(all, c)
		}
	}
	cs.mu.Unlock()
	cs.releaseThese(ctx, all)
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
