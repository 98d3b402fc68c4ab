package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"time"
)

// bench is a whole run.
type bench struct {
	began   time.Time
	profile string // file; empty: none

	relay, floor, usual, sink, peer *kind // peer is PeerJS's; nil: it is not here

	servers, attacks, hoards *table

	capacity map[*kind]float64 // messages a second, in this round
	most     int               // clients that the limit of files allows; 0: not known yet
}

func newBench(server, rivals, profile string) *bench {
	rival := func(name string) *kind {
		return &kind{name, ours, func(addr, _ string) []string { return []string{rivals, name, addr} }}
	}
	b := &bench{
		began:   time.Now(),
		profile: profile,
		// Only what is in all is more than by default: it has to hold the crowd.
		relay: &kind{"relay", ours, func(addr, internal string) []string {
			return []string{server, "serve", "--addr", addr, "--internal-addr", internal, "--connections", "30000", "--rooms", "30000"}
		}},
		floor: rival("floor"), usual: rival("usual"), sink: rival("sink"),
		attacks:  &table{title: "attacked from one address", columns: []string{"relay"}},
		hoards:   &table{title: "growth while held", columns: []string{"relay"}},
		capacity: map[*kind]float64{},
	}
	b.servers = &table{title: "relayed", columns: []string{b.relay.name, b.floor.name, b.usual.name, "PeerJS"}}
	return b
}

// stage is something that is measured of some servers, one after the other.
type stage struct {
	name    string
	measure func(context.Context, *kind) error
	servers []*kind
}

func (b *bench) stages() []stage {
	all, lossy := []*kind{b.relay, b.floor, b.usual}, []*kind{b.relay, b.usual}
	if b.peer != nil {
		all, lossy = append(all, b.peer), append(lossy, b.peer)
	}
	return []stage{
		{"messages", b.messages, all},
		{"latency", b.latency, all},
		{"crowd", b.crowd, all},
		{"stopped", b.stopped, lossy}, // the floor would stop, too
		{"attacks", b.attack, []*kind{b.relay}},
		{"hoards", b.hoard, []*kind{b.relay}},
	}
}

// with starts a server, has so many clients join it, and calls measure.
func (b *bench) with(ctx context.Context, k *kind, clients int, measure func(*crowd) error) error {
	p, err := k.start(ctx)
	if err != nil {
		return err
	}
	defer p.end()
	c := newCrowd(p)
	defer c.close()
	if c.before, err = p.memory(); err != nil {
		return err
	}
	if err := c.grow(ctx, clients); err != nil {
		return err
	}
	return measure(c)
}

// fits returns how many of so many clients the limit of files allows: that of the server,
// of which the relay leaves a fifth for other things, and ours, which is the same.
func (b *bench) fits(p *process, clients int) (int, error) {
	if b.most == 0 {
		files, err := p.files()
		if err != nil {
			return 0, err
		}
		if b.most = (files/10*8 - 100) &^ 1; b.most < clients {
			fmt.Fprintf(os.Stderr, "The limit of files, %d, allows only %d connections, not %d.\n", files, b.most, clients)
		}
	}
	return min(clients, b.most), nil
}

// host returns an address of 127/8 that no client of a crowd has.
func host(n int) net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 200, byte(n/250), byte(1+n%250))} }
