package main

import (
	"context"
	"fmt"
	"time"
)

const (
	few, many, full = 2000, 10_000, 20_000 // clients
	joining         = 1500                 // of which the last so many are measured
)

// crowd measures what clients cost that join, and what they hold when they have sent and
// heard something.
func (b *bench) crowd(ctx context.Context, k *kind) error {
	return b.with(ctx, k, few-joining, func(c *crowd) error {
		full, err := b.fits(c.server, full)
		if err != nil {
			return err
		}
		many := min(many, full)
		first, err := b.join(ctx, c, few)
		if err != nil {
			return err
		}
		if err := c.grow(ctx, many); err != nil {
			return err
		}
		if err := c.bounce(ctx, 300, func() error { return c.pass(ctx, measured) }); err != nil {
			return err
		}
		held, err := c.server.memory()
		if err != nil {
			return err
		}
		if err := c.grow(ctx, full-joining); err != nil {
			return err
		}
		last, err := b.join(ctx, c, full)
		if err != nil {
			return err
		}
		b.servers.add(fmt.Sprintf("memory per connection of %d, KB", many), k.name, (held-c.before)/1024/float64(many), goal{10, ""}, goal{0.3, b.usual.name})
		b.servers.add("CPU per connect and join, µs", k.name, first, goal{1, b.usual.name})
		b.servers.add(fmt.Sprintf("the same with %d connections, µs", full), k.name, last)
		b.servers.add("the latter by the former", k.name, last/first, goal{1.2, ""})
		return nil
	})
}

// join has clients join until there are so many, and returns what each of them has cost,
// in µs of a core.
func (b *bench) join(ctx context.Context, c *crowd, to int) (float64, error) {
	n := to - len(c.clients)
	cost, err := c.cost(func() error {
		if err := c.grow(ctx, to); err != nil {
			return err
		}
		return c.pass(ctx, 200*time.Millisecond) // what is left to do
	})
	return cost.Seconds() * 1e6 / float64(n), err
}
