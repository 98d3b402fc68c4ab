// Command relaybench measures the relay, as the program that is shipped and with all its
// limits, metrics and logs on, beside other servers: the least that a relay can do, what
// one writes first, and PeerJS's server. It prints tables with medians of several rounds,
// in each of which all of them have their turn, and what the relay is to reach.
//
//	relaybench -server bin/relay/server -rivals bin/relay/rivals
//
// All runs on this machine, over loopback; clients come from many addresses of 127/8, so
// that the limits of one do not decide. It needs Linux, whose /proc tells what processes
// have used. Interrupted, it ends all that it has started.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "relaybench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	server := flag.String("server", "bin/relay/server", "program `file` of the relay")
	rivals := flag.String("rivals", "bin/relay/rivals", "program `file` of the servers beside it")
	rounds := flag.Int("rounds", 3, "`number` of rounds")
	only := flag.String("only", "", "`names` of what is measured, with commas: messages, latency, crowd, stopped, attacks, hoards (default: all)")
	profile := flag.String("profile", "", "`file` for a CPU profile of the relay while it passes messages")
	flag.Parse()
	if flag.NArg() > 0 || *rounds < 1 {
		return errors.New("see -help")
	}
	dir, err := os.MkdirTemp("", "relaybench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)

	b := newBench(*server, *rivals, *profile)
	if err := b.addPeerJS(ctx, dir); err != nil {
		return err
	}
	for round := range *rounds {
		for _, s := range b.stages() {
			if *only != "" && !strings.Contains(","+*only+",", ","+s.name+",") {
				continue
			}
			for n := range s.servers {
				k := s.servers[(n+round)%len(s.servers)]
				fmt.Fprintf(os.Stderr, "%4.0f s  round %d of %d: %s: %s\n", time.Since(b.began).Seconds(), round+1, *rounds, s.name, k.name)
				if err := s.measure(ctx, k); err != nil {
					return fmt.Errorf("%s: %w", s.name, err)
				}
			}
		}
	}
	fmt.Printf("medians of %d rounds, in %.0f s\n", *rounds, time.Since(b.began).Seconds())
	for _, t := range []*table{b.servers, b.attacks, b.hoards} {
		t.write(os.Stdout)
	}
	return nil
}
