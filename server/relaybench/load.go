package main

import (
	"context"
	"slices"
	"sync"
	"time"
)

// flight counts messages that are on their way.
type flight struct{ sync.WaitGroup }

// landed is closed when there are none.
func (f *flight) landed() <-chan struct{} {
	done := make(chan struct{})
	go func() {
		f.Wait()
		close(done)
	}()
	return done
}

// settling is for what must be loaded before it is measured.
const settling = time.Second

// heard returns how many messages were heard so far while they bounced.
func (c *crowd) heard() (n int64) {
	for _, one := range c.clients {
		n += one.heard.Load()
	}
	return n
}

// bounce has a message of so many bytes go to and fro in each room, and calls measure
// when that has gone on for a while. It ends when measure returns.
func (c *crowd) bounce(ctx context.Context, size int, measure func() error) error {
	c.resize(size)
	c.bouncing.Store(true)
	c.flying.Add(len(c.clients) / 2)
	for n := 0; n < len(c.clients); n += 2 {
		c.clients[n].send(time.Time{})
	}
	if err := c.pass(ctx, settling); err != nil {
		return err
	}
	if err := measure(); err != nil {
		return err
	}
	c.bouncing.Store(false)
	return c.land(ctx)
}

// stream sends so many messages a second in all, each room's turn after the other, and
// returns how long those of a while took, sorted.
func (c *crowd) stream(ctx context.Context, perSecond float64, while time.Duration) ([]time.Duration, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var sending sync.WaitGroup
	sending.Go(func() {
		began, gap := time.Now(), time.Duration(float64(time.Second)/perSecond)
		for n := 0; ctx.Err() == nil; n++ {
			due := began.Add(time.Duration(n) * gap)
			if wait := time.Until(due); wait > 0 {
				time.Sleep(wait)
			}
			c.flying.Add(1)
			c.clients[n%len(c.clients)].send(due)
		}
	})
	defer sending.Wait()
	defer cancel()
	if err := c.pass(ctx, settling); err != nil {
		return nil, err
	}
	c.timing.Store(true)
	if err := c.pass(ctx, while); err != nil {
		return nil, err
	}
	c.timing.Store(false)
	cancel()
	sending.Wait()
	if err := c.land(context.WithoutCancel(ctx)); err != nil {
		return nil, err
	}
	var all []time.Duration
	for _, one := range c.clients {
		all = append(all, one.latency...)
		one.latency = nil
	}
	slices.Sort(all)
	return all, nil
}
