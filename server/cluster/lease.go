package cluster

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// The buckets in KV.
const (
	nodesBucket = "pn-nodes" // name → id, of the nodes that live
	roomsBucket = "pn-rooms" // fingerprint → id of the node on which the room lives
)

const (
	leaseTime  = 3 * time.Second // after which a node that does not renew its lease counts as dead
	renewTime  = time.Second
	steadyTime = 5 * time.Second // for which KV must have been writable before a room is taken over
	openTime   = 5 * time.Second // for making the buckets
)

// lease is the entry that says that this node lives. It expires unless it is renewed. An
// expired one alone proves nothing: KV may just have been away, for all.
type lease struct {
	node *Node
	wake chan struct{} // has room for one: renew it now

	mu         sync.Mutex // after claims.mu
	nodes      jetstream.KeyValue
	claims     jetstream.KeyValue
	generation int64 // when the bucket of claims was made
	open       bool  // the buckets are there, as far as is known
	revision   uint64
	renewed    time.Time // when the last renewal that succeeded began
	steady     time.Time // since when all have; zero: the last one did not
	suspected  bool      // another node may have taken rooms over
}

// take makes the lease, once the one that a dead process has left is gone.
func (l *lease) take(ctx context.Context) error {
	l.wake = make(chan struct{}, 1)
	if err := l.openBuckets(ctx); err != nil {
		return err
	}
	for deadline := time.Now().Add(leaseTime + renewTime); ; {
		err := l.renew(ctx)
		switch {
		case !errors.Is(err, ErrNameTaken):
			return err
		case time.Now().After(deadline):
			return fmt.Errorf("%w: %s", ErrNameTaken, l.node.config.Name)
		}
		if err := pause(ctx, retryTime); err != nil {
			return err
		}
	}
}

// openBuckets finds the buckets, or makes them: on three servers if there are so many.
func (l *lease) openBuckets(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, openTime)
	defer cancel()
	bucket := func(config jetstream.KeyValueConfig) (jetstream.KeyValue, error) {
		kv, err := l.node.js.KeyValue(ctx, config.Bucket)
		for _, config.Replicas = range []int{3, 1} {
			if !errors.Is(err, jetstream.ErrBucketNotFound) {
				break
			}
			var made error
			if kv, made = l.node.js.CreateKeyValue(ctx, config); made == nil {
				return kv, nil
			}
			if errors.Is(made, jetstream.ErrBucketExists) { // another node was faster
				return l.node.js.KeyValue(ctx, config.Bucket)
			}
			if config.Replicas == 1 {
				err = made
			}
		}
		if err != nil {
			return nil, fmt.Errorf("the bucket %s in NATS (has the server JetStream, and this user the permission?): %w", config.Bucket, err)
		}
		return kv, nil
	}
	nodes, err := bucket(jetstream.KeyValueConfig{Bucket: nodesBucket, TTL: leaseTime, Storage: jetstream.MemoryStorage})
	if err != nil {
		return err
	}
	rooms, err := bucket(jetstream.KeyValueConfig{Bucket: roomsBucket, LimitMarkerTTL: markerTime, Storage: jetstream.FileStorage})
	if err != nil {
		return err
	}
	status, err := rooms.Status(ctx)
	if err != nil {
		return err
	}
	generation := int64(0)
	if s, ok := status.(*jetstream.KeyValueBucketStatus); ok {
		generation = s.StreamInfo().Created.UnixNano()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.nodes, l.claims, l.generation, l.open = nodes, rooms, generation, true
	return nil
}

// rooms returns the bucket of claims, and its generation.
func (l *lease) rooms() (jetstream.KeyValue, int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.claims, l.generation
}

// keep renews the lease until the node stops, and looks after the claims whenever it, or
// NATS, was away.
func (l *lease) keep() {
	ticker := time.NewTicker(renewTime)
	defer ticker.Stop()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for {
		select {
		case <-l.node.stop:
			return
		case <-ticker.C:
		case <-l.wake:
		}
		if l.node.nats.IsConnected() {
			l.tend(ctx)
		}
	}
}

func (l *lease) tend(ctx context.Context) {
	cs := &l.node.claims
	l.mu.Lock()
	open := l.open
	l.mu.Unlock()
	if !open {
		if err := l.openBuckets(ctx); err != nil {
			l.node.log.Warn("no rooms can be claimed", "error", err)
			return
		}
	}
	before := l.renewedAt()
	if err := l.renew(ctx); err != nil {
		l.node.log.Warn("the lease of this node is not renewed: no rooms can be claimed", "error", err)
		l.doubt()
		cs.suspend()
		return
	}
	l.mu.Lock()
	doubtful := l.suspected || l.renewed.Sub(before) >= leaseTime
	l.suspected = false
	l.mu.Unlock()
	if !doubtful && cs.isReady() {
		return
	}
	if !cs.validate(ctx) {
		cs.suspend() // until the next time
		return
	}
	cs.resume()
}

// doubt notes that KV did not do what it was asked.
func (l *lease) doubt() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open, l.steady = false, time.Time{}
}

// renew writes the lease, or says why it cannot.
func (l *lease) renew(ctx context.Context) error {
	name, id := l.node.config.Name, []byte(l.node.id)
	start := time.Now()
	l.mu.Lock()
	nodes, revision := l.nodes, l.revision
	l.mu.Unlock()
	write := func(ctx context.Context) (uint64, error) {
		if revision == 0 {
			return nodes.Create(ctx, name, id)
		}
		return nodes.Update(ctx, name, id, revision)
	}
	revision, err := ask(ctx, write)
	if errors.Is(err, jetstream.ErrKeyRevisionMismatch) { // it expired
		revision, err = ask(ctx, func(ctx context.Context) (uint64, error) { return nodes.Create(ctx, name, id) })
	}
	if errors.Is(err, jetstream.ErrKeyExists) {
		var entry jetstream.KeyValueEntry
		entry, err = ask(ctx, func(ctx context.Context) (jetstream.KeyValueEntry, error) { return nodes.Get(ctx, name) })
		switch {
		case err == nil && string(entry.Value()) == l.node.id:
			revision = entry.Revision()
		case err == nil || errors.Is(err, jetstream.ErrKeyNotFound): // it may expire this very moment
			err = ErrNameTaken
		}
	}
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.revision, l.renewed = revision, start
	if l.steady.IsZero() {
		l.steady = start
	}
	return nil
}

func (l *lease) renewedAt() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.renewed
}

// fresh reports whether no other node can hold this one for dead.
func (l *lease) fresh() bool { return time.Since(l.renewedAt()) < leaseTime }

// orphaned reports whether the rooms of another node may be taken over, as far as KV
// knows: its lease is gone although leases could be renewed for a while.
func (l *lease) orphaned(ctx context.Context, owner string) bool {
	l.mu.Lock()
	nodes, steady := l.nodes, l.steady
	l.mu.Unlock()
	if steady.IsZero() || time.Since(steady) < steadyTime || !l.fresh() {
		return false
	}
	entry, err := ask(ctx, func(ctx context.Context) (jetstream.KeyValueEntry, error) { return nodes.Get(ctx, nameOf(owner)) })
	return errors.Is(err, jetstream.ErrKeyNotFound) || err == nil && string(entry.Value()) != owner
}

// suspect has the claims looked after soon.
func (l *lease) suspect() {
	l.mu.Lock()
	l.suspected = true
	l.mu.Unlock()
	l.hurry()
}

// hurry has the lease renewed now.
func (l *lease) hurry() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// interrupted notes that NATS is away.
func (l *lease) interrupted() {
	l.doubt()
	l.node.claims.suspend()
}

// give lets go of the lease, so that the name is free at once.
func (l *lease) give(ctx context.Context) {
	l.mu.Lock()
	nodes, revision := l.nodes, l.revision
	l.mu.Unlock()
	_, _ = ask(ctx, func(ctx context.Context) (struct{}, error) { // else it expires
		return struct{}{}, nodes.Delete(ctx, l.node.config.Name, jetstream.LastRevision(revision))
	})
}
