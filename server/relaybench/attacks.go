package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// attack is what workers do, each until it is ended.
type attack struct {
	name    string
	cores   float64 // that the relay may use meanwhile
	workers int
	work    func(a *attacker, worker int)
}

var attacks = []attack{
	{"100 connections of {}", 0.4, 100, func(a *attacker, worker int) {
		a.repeat(worker, rooms(worker, 2), frame(opText, `{}`))
	}},
	{"100 connections of pings", 0.3, 100, func(a *attacker, worker int) {
		a.repeat(worker, rooms(worker, 1), frame(opPing, "ping"))
	}},
	{"4 connections of pings with reconnects", 0.3, 4, func(a *attacker, worker int) {
		for a.ctx.Err() == nil {
			if c := a.member(worker, rooms(worker, 1)); c != nil {
				_, _ = io.WriteString(c, strings.Repeat(frame(opPing, "ping"), 1000))
				c.Close()
			}
		}
	}},
	{"100 connections of 1 KB to full rooms", 0.5, 100, func(a *attacker, worker int) {
		a.repeat(worker, rooms(worker, 8), frame(opText, `{"pad":"`+strings.Repeat("x", 1<<10)+`"}`))
	}},
	{"16 workers that join and leave", 0.3, 16, func(a *attacker, worker int) {
		for a.ctx.Err() == nil {
			if c := a.member(worker, rooms(worker, 8)); c != nil {
				c.Close()
			}
		}
	}},
	{"50 connections of bad frames", 0.4, 50, func(a *attacker, worker int) {
		a.repeat(worker, rooms(worker, 2), frame(opText, `{"n":`))
	}},
	{"50 connections of bad UTF-8", 0.4, 50, func(a *attacker, worker int) {
		a.repeat(worker, rooms(worker, 2), frame(opText, "{\"n\":\"\xff\"}"))
	}},
}

// attack measures what attacks take of the relay, and of the others in it: how long their
// messages take, by how long they take while the same is done to a sink beside it.
func (b *bench) attack(ctx context.Context, k *kind) error {
	sink, err := b.sink.start(ctx)
	if err != nil {
		return err
	}
	defer sink.end()
	return b.with(ctx, k, bystanders, func(c *crowd) error {
		c.resize(300)
		for _, attack := range attacks {
			fmt.Fprintln(os.Stderr, "        ", attack.name)
			beside, _, err := c.attacked(ctx, sink.addr, attack)
			if err != nil {
				return fmt.Errorf("%s: %w", attack.name, err)
			}
			took, cores, err := c.attacked(ctx, c.server.addr, attack)
			if err != nil {
				return fmt.Errorf("%s: %w", attack.name, err)
			}
			b.attacks.add(attack.name+": cores", k.name, cores, goal{attack.cores, ""})
			b.attacks.add(attack.name+": p99 of other rooms, ms", k.name, took)
			b.attacks.add(attack.name+": by that beside a sink", k.name, took/beside, goal{2, ""})
		}
		return nil
	})
}

// attacked attacks, and returns the p99 of the crowd meanwhile, in ms, and how many cores
// its server has used.
func (c *crowd) attacked(ctx context.Context, target string, attack attack) (p99, cores float64, err error) {
	a := &attacker{target: target}
	defer a.strike(ctx, attack.workers, attack.work)()
	var took []time.Duration
	began := time.Now()
	cost, err := c.cost(func() error {
		took, err = c.stream(ctx, watched, measured)
		return err
	})
	return quantile(took, 0.99), cost.Seconds() / time.Since(began).Seconds(), err
}
