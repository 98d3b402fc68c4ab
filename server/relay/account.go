package relay

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"

	"perfect-negotiation/server/address"
)

// connectBurst is how many seconds' worth of new connections an address may open at
// once.
const connectBurst = 4

// cost is what a client has caused: bytes that were read from it, or that wait for
// others because of it, and the frames they are in.
type cost struct{ bytes, frames int }

func (c *cost) add(d cost) { c.bytes += d.bytes; c.frames += d.frames }

// account is what all connections from one address may cost together. While they cost
// more, they wait for each other: who has had the least goes first. So a connection
// that seldom sends does not notice neighbours that always do. Nil: nothing is counted.
type account struct {
	mu          sync.Mutex
	connections int
	fresh       bucket // new connections
	bytes       bucket
	frames      bucket
	served      float64 // the start of the turn that was served last
	waiting     []*turn
	timer       *time.Timer // serves those that wait; nil: nobody ever did
}

// share is what one connection has had of its account: where its next turn starts at
// the earliest, in seconds of the account's rates (start-time fair queueing, Goyal et
// al. 1996). Only the connection's reading goroutine uses it.
type share float64

// turn is a connection that waits to go on.
type turn struct {
	start float64
	cost  cost
	ready chan struct{} // closed when it may
}

// pay charges the account, and returns when the connection with that share may go on:
// at once, unless more was spent than the account had, or ctx has ended. waited says
// that it was not at once.
func (a *account) pay(ctx context.Context, s *share, c cost) (waited bool) {
	if a == nil || c == (cost{}) {
		return false
	}
	a.mu.Lock()
	t := turn{start: max(float64(*s), a.served), cost: c}
	*s = share(t.start + max(float64(c.bytes)/a.bytes.rate, float64(c.frames)/a.frames.rate))
	if len(a.waiting) == 0 && a.debt() == 0 {
		a.serve(&t)
		a.mu.Unlock()
		return false
	}
	t.ready = make(chan struct{})
	a.waiting = append(a.waiting, &t)
	if len(a.waiting) == 1 {
		a.wake()
	}
	a.mu.Unlock()

	select {
	case <-t.ready:
	case <-ctx.Done():
		a.mu.Lock()
		defer a.mu.Unlock()
		if i := slices.Index(a.waiting, &t); i >= 0 {
			a.waiting = slices.Delete(a.waiting, i, i+1)
			a.charge(c)
		}
	}
	return true
}

// settle charges the account for a connection that has ended.
func (a *account) settle(c cost) {
	if a == nil || c == (cost{}) {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.charge(c)
}

// next serves those that wait, as far as the account allows.
func (a *account) next() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for len(a.waiting) > 0 {
		if a.debt() > 0 {
			a.wake()
			return
		}
		first := 0
		for i, t := range a.waiting {
			if t.start < a.waiting[first].start {
				first = i
			}
		}
		t := a.waiting[first]
		a.waiting = slices.Delete(a.waiting, first, first+1)
		a.serve(t)
		close(t.ready)
	}
}

// wake has next called when the debt is paid. Someone must wait, so there is one.
func (a *account) wake() {
	if a.timer == nil {
		a.timer = time.AfterFunc(a.debt(), a.next)
	} else {
		a.timer.Reset(a.debt())
	}
}

func (a *account) serve(t *turn) {
	a.served = t.start
	a.charge(t.cost)
}

func (a *account) charge(c cost) {
	a.bytes.spend(float64(c.bytes))
	a.frames.spend(float64(c.frames))
}

// debt returns how long it takes until the account is not overdrawn. It reads the clock
// only if it is.
func (a *account) debt() time.Duration {
	if a.bytes.left < 0 || a.frames.left < 0 {
		a.fill(time.Now())
	}
	return max(a.bytes.until(0), a.frames.until(0))
}

func (a *account) fill(now time.Time) {
	a.fresh.fill(now)
	a.bytes.fill(now)
	a.frames.fill(now)
}

// accounts are those of all addresses that are connected or were lately. Its methods
// may be called from any goroutine.
type accounts struct {
	config *Config

	mu sync.Mutex
	of map[netip.Addr]*account
}

// open counts a new connection of a client in, or says why it may not come. The caller
// must call close when it has ended. The zero address is not counted.
func (as *accounts) open(client netip.Addr) (*account, *Refusal) {
	if !client.IsValid() {
		return nil, nil
	}
	client = address.Account(client)
	now := time.Now()
	as.mu.Lock()
	defer as.mu.Unlock()
	a := as.of[client]
	if a == nil {
		a = as.newAccount(now)
		as.of[client] = a
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fresh.fill(now)
	if refusal := as.refusal(a); refusal != nil {
		return nil, refusal
	}
	a.fresh.spend(1)
	a.connections++
	return a, nil
}

// asked returns what open would refuse a client with.
func (as *accounts) asked(client netip.Addr) *Refusal {
	as.mu.Lock()
	defer as.mu.Unlock()
	a := as.of[address.Account(client)]
	if a == nil {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fresh.fill(time.Now())
	return as.refusal(a)
}

func (as *accounts) refusal(a *account) *Refusal {
	switch {
	case a.connections >= as.config.ConnectionsPerAddress:
		return refuseAddressFull(as.config.ConnectionsPerAddress)
	case a.fresh.left < 1:
		return refuseTooFast(a.fresh.until(1))
	default:
		return nil
	}
}

func (as *accounts) close(a *account) {
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.connections--
}

// sweep forgets the addresses that owe nothing.
func (as *accounts) sweep(now time.Time) {
	as.mu.Lock()
	defer as.mu.Unlock()
	for client, a := range as.of {
		if a.idle(now) {
			delete(as.of, client)
		}
	}
}

func (a *account) idle(now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fill(now)
	return a.connections == 0 && a.fresh.full() && a.bytes.full() && a.frames.full()
}

func (as *accounts) newAccount(now time.Time) *account {
	connects := as.config.ConnectsPerAddress
	bytes, frames := float64(as.config.BytesPerAddress), float64(as.config.MessagesPerAddress)
	return &account{
		fresh:  newBucket(connects, max(connects*connectBurst, 1), now),
		bytes:  newBucket(bytes, bytes, now),
		frames: newBucket(frames, frames, now),
	}
}
