package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// crowd is the clients of a server, two in each room.
type crowd struct {
	server  *process
	clients []*client
	began   time.Time
	before  float64 // bytes of memory that the server had before anybody came

	reading  sync.WaitGroup
	flying   flight      // messages that were sent and not heard
	bouncing atomic.Bool // who hears a message sends one back
	timing   atomic.Bool // latencies are noted
	closing  atomic.Bool
	lost     chan error // why the first connection ended that should not
}

func newCrowd(server *process) *crowd {
	return &crowd{server: server, began: time.Now(), lost: make(chan error, 1)}
}

// dialers is how many clients connect at a time.
const dialers = 32

// grow adds clients until there are so many, an even number.
func (c *crowd) grow(ctx context.Context, to int) error {
	from := len(c.clients)
	c.clients = append(c.clients, make([]*client, to-from)...)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var dialing sync.WaitGroup
	for range dialers {
		dialing.Go(func() {
			for number := from + int(next.Add(1)) - 1; number < to && ctx.Err() == nil; number = from + int(next.Add(1)) - 1 {
				one, err := c.join(ctx, number)
				if err != nil {
					cancel(fmt.Errorf("client %d of %s: %w", number+1, c.server.name, err))
					return
				}
				c.clients[number] = one
			}
		})
	}
	dialing.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	for n := from; n < to; n += 2 {
		a, b := c.clients[n], c.clients[n+1]
		a.other, b.other = b, a
		c.reading.Add(2)
		go a.read()
		go b.read()
	}
	return nil
}

// resize has all messages have so many bytes from now on.
func (c *crowd) resize(size int) {
	for _, one := range c.clients {
		one.mu.Lock()
		one.message, one.stamp = c.server.dialect.message(one.other.id, size)
		one.mu.Unlock()
	}
}

// close ends all connections.
func (c *crowd) close() {
	c.closing.Store(true)
	for _, one := range c.clients {
		if one != nil {
			one.ws.Close()
		}
	}
	c.reading.Wait()
}

func (c *crowd) lose(err error) {
	if c.closing.Load() {
		return
	}
	select {
	case c.lost <- fmt.Errorf("%s lost a client: %w", c.server.name, err):
	default:
	}
}

// pass waits for so long. It returns an error if a connection is lost, or ctx ends.
func (c *crowd) pass(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case err := <-c.lost:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

var errMissing = errors.New("messages are missing")

// land waits until all messages that were sent are heard.
func (c *crowd) land(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, 30*time.Second, fmt.Errorf("%s: %w", c.server.name, errMissing))
	defer cancel()
	select {
	case <-c.flying.landed():
		return nil
	case err := <-c.lost:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
