package e2e

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"perfect-negotiation/negotiation/trace"
)

var long = flag.Bool("long", false, "have TestFaults take its time")

// TestFaults has two tabs and two native peers renegotiate and chat all the time
// while connections to the relay are cut and stall, the relay is killed, and a tab
// is reloaded.
func TestFaults(t *testing.T) {
	cuts, kills, reloads, stall := 20, 2, 3, 3*time.Second
	if *long {
		cuts, kills, reloads, stall = 200, 20, 50, 30*time.Second
	}
	relay := newRelayProcess(t)
	network := newProxy(t, relay.address)
	w := worldAt(t, network.url())
	members := []member{w.member("/r/faults"), w.member("/r/faults"), w.native("faults", "", true), w.native("faults", "", true)}
	leaver := members[0].(*memberTab)
	converge(t, members)

	lines := make([]int, len(members))
	// during runs f while some of them are busy.
	during := func(what string, busy []member, f func()) {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		var ended sync.WaitGroup
		for i, m := range members {
			if !slices.Contains(busy, m) {
				continue
			}
			ended.Go(func() {
				again := time.NewTicker(100 * time.Millisecond)
				defer again.Stop()
				for {
					select {
					case <-again.C:
						m.renegotiate()
						m.say(fmt.Sprint(lines[i]))
						lines[i]++
					case <-ctx.Done():
						return
					}
				}
			})
		}
		begin := time.Now()
		f()
		took := time.Since(begin)
		cancel()
		ended.Wait()
		t.Logf("%s: %.1f s, and all agree %.1f s later", what, took.Seconds(), recovered(t, members).Seconds())
	}
	pause := func() { time.Sleep(rand.N(400 * time.Millisecond)) } // the random moment is the point of the test

	tab := members[1].(*memberTab)
	held := func() int {
		return tab.held(func() {
			tab.say(fmt.Sprint(lines[1], strings.Repeat(" long", 3000)))
			lines[1]++
		})
	}
	// keeps checks that the tab has given back what it held for n that are gone.
	keeps := func(before, n int, what string) {
		t.Helper()
		after := held()
		t.Logf("the tab holds %d values of JavaScript, and %d after %d %s", before, after, n, what)
		if after > before+100+4*n { // a leaked connection is 15 or more
			t.Errorf("it keeps something of each of %d %s", n, what)
		}
	}

	var before, joined int
	for half := range 2 {
		during(fmt.Sprint(cuts/2, " cuts"), members, func() {
			network.slow(50 * time.Millisecond)
			defer network.slow(0)
			for range cuts / 2 {
				pause()
				network.cut(1 + rand.N(3))
			}
		})
		if half == 0 {
			before, joined = held(), tab.count(trace.RoomJoined)
		}
	}
	keeps(before, tab.count(trace.RoomJoined)-joined, "connections to the relay")
	during(fmt.Sprint(kills, " kills of the relay"), members, func() {
		for range kills {
			pause()
			relay.kill()
			pause()
			relay.start()
			time.Sleep(time.Second)
		}
	})
	for name, d := range map[string]direction{"the network stalls": toRelay | toPeers, "the relay hears nothing": toRelay, "the peers hear nothing": toPeers} {
		during(fmt.Sprintf("%s for %s", name, stall), members, func() {
			network.stall(d)
			time.Sleep(stall)
			network.stall(0)
		})
	}
	pairedOnce(t, members)
	heard(t, members, lines)

	before = held()
	for n := range reloads {
		calm(t, leaver)
		during(fmt.Sprint("reload ", n+1), members[1:], leaver.again)
	}
	keeps(before, reloads, "peer connections")
	pairedOnce(t, members[1:])
	heard(t, members[1:], lines[1:])
	calm(t, members...)
}

// calm checks that nothing but the loss of the relay was reported.
func calm(t *testing.T, members ...member) {
	t.Helper()
	for _, m := range members {
		for _, e := range m.trail() {
			if level := e.Level(); (level == trace.LevelWarn || level == trace.LevelError) && e.Kind != trace.RelayLost {
				t.Errorf("%s surfaced %q: %s", m.id(), e.Kind, e.Detail)
			}
		}
	}
}

// pairedOnce checks that all still have their first connection.
func pairedOnce(t *testing.T, members []member) {
	t.Helper()
	for i, m := range members {
		with := conversations(m)
		for j, other := range members {
			if n := with[other.id()]; i != j && n.pairings != 1 {
				t.Errorf("of %d, %d was paired %d times with %d", len(members), i, n.pairings, j)
			}
		}
	}
}

// heard waits until every member has received all lines of the others, once and in
// order.
func heard(t *testing.T, members []member, lines []int) {
	t.Helper()
	for i, m := range members {
		for j, other := range members {
			if i == j {
				continue
			}
			from := other.id()
			await(t, fmt.Sprintf("of %d, %d hears all that %d said", len(members), i, j), func() bool {
				var n int
				c := conversations(m)[from]
				for k, line := range c.heard {
					if _, err := fmt.Sscan(line, &n); err != nil || n != k {
						t.Fatalf("%d heard %q of %d where %d was due", i, line, j, k)
					}
				}
				return len(c.heard) == lines[j]
			}, m)
		}
	}
}

// TestRoomOfEight has four tabs and four native peers meet: 28 connections, which
// outlive the relay, and every peer can hear every other.
func TestRoomOfEight(t *testing.T) {
	relay := newRelayProcess(t)
	w := worldAt(t, "http://"+relay.address)
	var members []member
	for range 4 {
		members = append(members, w.member("/r/eight"), w.native("eight", "", true))
	}
	t.Logf("all are connected %.1f s after the last came", converge(t, members).Seconds())
	relay.kill()
	relay.start()
	for _, m := range members {
		await(t, "it is back", func() bool { return m.count(trace.RoomJoined) == 2 }, m)
		m.renegotiate()
	}
	t.Logf("all agree %.1f s after the relay was back", recovered(t, members).Seconds())
	lines := make([]int, len(members))
	for range 20 {
		for i, m := range members {
			m.say(fmt.Sprint(lines[i]))
			lines[i]++
		}
	}
	heard(t, members, lines)
	pairedOnce(t, members)
	calm(t, members...)
}
