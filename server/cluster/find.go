package cluster

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/server/relay"
)

// elsewhere is where a room lives as far as KV said last.
type elsewhere struct {
	node    string
	term    term
	found   time.Time // when KV said so
	doubted time.Time // when that node has said that it does not live there; zero: it has not
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
