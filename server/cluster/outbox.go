package cluster

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

const flushTime = 5 * time.Millisecond // between two looks at what is left to publish

// outbox lists the links that have something to publish. One goroutine publishes, so
// that nothing else waits for NATS.
type outbox struct {
	mu    sync.Mutex // last of all
	links []*link
	ready chan struct{} // has room for one
}

func (o *outbox) add(l *link) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.links = append(o.links, l)
	select {
	case o.ready <- struct{}{}:
	default:
	}
}

func (o *outbox) take() []*link {
	o.mu.Lock()
	defer o.mu.Unlock()
	links := o.links
	o.links = nil
	return links
}

// flush waits until the links have nothing to publish, or ctx ends.
func (n *Node) flush(ctx context.Context) {
	for {
		busy := false
		for _, l := range n.all() {
			l.mu.Lock()
			busy = busy || len(l.chunks) > 0
			l.mu.Unlock()
		}
		if !busy {
			break
		}
		if !n.nats.IsConnected() || pause(ctx, flushTime) != nil {
			return
		}
	}
	_ = n.nats.FlushWithContext(ctx) // nobody to tell
}

// publish publishes what the links have until the node stops. While NATS is away it
// waits, and packets keep their order.
func (n *Node) publish() {
	for {
		select {
		case <-n.stop:
			return
		case <-n.outbox.ready:
		case <-n.back:
			n.pauseIfAway()
		}
		for _, l := range n.outbox.take() {
			n.publishAll(l)
		}
	}
}

func (n *Node) publishAll(l *link) {
	for {
		n.pauseIfAway()
		p, ok, over := l.next()
		if over {
			l.breakUp(p.epoch, "too much waits for it")
			continue
		}
		if !ok {
			return
		}
		err := n.deliver(l, p)
		switch {
		case err == nil:
		case n.nats.IsConnected() && !errors.Is(err, nats.ErrReconnectBufExceeded):
			l.breakUp(p.epoch, err.Error())
		default:
			l.unsent(p)
			if !n.awaitNATS() {
				return
			}
		}
	}
}

// pauseIfAway pauses all links if NATS was away since it was called last.
func (n *Node) pauseIfAway() {
	times := n.nats.Stats().Reconnects
	if times == n.reconnects {
		return
	}
	n.reconnects = times
	for _, l := range n.all() {
		l.pause()
	}
}

// deliver hands a packet to NATS.
func (n *Node) deliver(l *link, p packet) error {
	m := nats.Msg{Subject: subject(l.peer, n.id), Data: p.data}
	if p.ask {
		m.Reply = subject(n.id, l.peer)
	}
	for range n.copies(p) {
		if err := n.nats.PublishMsg(&m); err != nil {
			return err
		}
		n.stats.packets.Add(1)
		n.stats.bytes.Add(uint64(len(p.data)))
	}
	return nil
}
