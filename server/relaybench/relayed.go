package main

import (
	"context"
	"fmt"
	"time"
)

const (
	relaying = 2000            // clients whose messages are measured
	measured = 3 * time.Second // of each load
)

// messages measures what a message costs a server that has as much to do as it can.
func (b *bench) messages(ctx context.Context, k *kind) error {
	return b.with(ctx, k, relaying, func(c *crowd) error {
		for _, load := range []struct {
			name  string
			size  int
			goals []goal
		}{
			{"CPU per message, 300 B, µs", 300, []goal{{0.75, b.usual.name}, {1.3, b.floor.name}}},
			{"CPU per message, 3 KB, µs", 3 << 10, []goal{{0.33, b.usual.name}}},
		} {
			err := c.bounce(ctx, load.size, func() error {
				began, heard := time.Now(), c.heard()
				cost, err := c.cost(func() error {
					if k == b.relay && b.profile != "" {
						return c.server.profile(fmt.Sprint(b.profile, ".", load.size), measured)
					}
					return c.pass(ctx, measured)
				})
				messages := float64(c.heard() - heard)
				b.servers.add(load.name, k.name, cost.Seconds()*1e6/messages, load.goals...)
				if load.size == 300 {
					b.capacity[k] = messages / time.Since(began).Seconds()
				}
				return err
			})
			if err != nil {
				return err
			}
		}
		b.servers.add("messages a second, 300 B", k.name, b.capacity[k])
		return nil
	})
}

// cost returns the time of the cores that the server has used while work ran.
func (c *crowd) cost(work func() error) (time.Duration, error) {
	before, err := c.server.cpu()
	if err != nil {
		return 0, err
	}
	if err := work(); err != nil {
		return 0, err
	}
	after, err := c.server.cpu()
	return after - before, err
}

// latency measures how long messages take with half as many as the relay, or what one
// writes first, can pass on, whichever is less: all have the same to do.
func (b *bench) latency(ctx context.Context, k *kind) error {
	perSecond := min(b.capacity[b.relay], b.capacity[b.usual]) / 2
	if perSecond == 0 { // not measured
		perSecond = 5000
	}
	return b.with(ctx, k, relaying, func(c *crowd) error {
		c.resize(300)
		took, err := c.stream(ctx, perSecond, measured)
		b.servers.add("p50 at half of the capacity, ms", k.name, quantile(took, 0.5))
		b.servers.add("p99 at half of the capacity, ms", k.name, quantile(took, 0.99), goal{1, b.usual.name})
		return err
	})
}

// quantile returns that of sorted times, in ms.
func quantile(sorted []time.Duration, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[int(q*float64(len(sorted)-1))].Seconds() * 1000
}
