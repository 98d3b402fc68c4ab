package cluster

import (
	"context"
	"errors"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"
)

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
