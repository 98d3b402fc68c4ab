package cluster

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"
)

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
