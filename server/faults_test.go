package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"perfect-negotiation/negotiation/peer"
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
	w := worldAt(t, "http://"+network.listener.Addr().String())
	members := []member{w.member("/r/faults"), w.member("/r/faults"), w.native("faults", "", true), w.native("faults", "", true)}
	leaver := members[0].(memberTab)
	converge(t, members)

	lines := make([]int, len(members))
	// during has all of them busy while f does its worst.
	during := func(what string, f func()) {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		var busy sync.WaitGroup
		for i, m := range members {
			busy.Go(func() {
				again := time.NewTicker(100 * time.Millisecond)
				defer again.Stop()
				for {
					select {
					case <-again.C:
						m.renegotiate()
						m.say(fmt.Sprint(i, " ", lines[i]))
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
		busy.Wait()
		t.Logf("%s: %.1f s, and all agree %.1f s later", what, took.Seconds(), converge(t, members).Seconds())
	}
	pause := func() { time.Sleep(rand.N(400 * time.Millisecond)) } // a random moment is what it is about

	tab := members[1].(memberTab)
	var held [2]int
	for half := range held {
		during(fmt.Sprint(cuts/2, " cuts"), func() {
			network.slow(50 * time.Millisecond)
			defer network.slow(0)
			for range cuts / 2 {
				pause()
				network.cut(1 + rand.N(3))
			}
		})
		held[half] = tab.held(func() {
			tab.say(fmt.Sprint(1, " ", lines[1], " ", strings.Repeat("long ", 3000)))
			lines[1]++
		})
	}
	t.Logf("the tab holds %d values of JavaScript, and %d after as many cuts again", held[0], held[1])
	if held[1] > held[0]+2*cuts/2 { // a connection that is kept is more
		t.Error("it keeps something of each connection")
	}
	during(fmt.Sprint(kills, " kills of the relay"), func() {
		for range kills {
			pause()
			relay.kill()
			pause()
			relay.start()
			time.Sleep(time.Second)
		}
	})
	for name, d := range map[string]direction{"the network stalls": toRelay | toPeers, "the relay hears nothing": toRelay, "the peers hear nothing": toPeers} {
		during(fmt.Sprintf("%s for %s", name, stall), func() {
			network.stall(d)
			time.Sleep(stall)
			network.stall(0)
		})
	}
	for i, m := range members {
		for id, c := range conversations(m) {
			if c.pairings > 1 {
				t.Errorf("member %d was paired %d times with %s", i, c.pairings, id)
			}
		}
	}
	heard(t, members, lines)

	begin, longest := time.Now(), time.Duration(0)
	for range reloads {
		leaver.again()
		longest = max(longest, converge(t, members))
	}
	t.Logf("%d reloads: %.1f s, and all agree within %.1f s", reloads, time.Since(begin).Seconds(), longest.Seconds())
	for i, m := range members[1:] {
		for _, line := range m.surfaced() {
			if !strings.Contains(line, "relay") {
				t.Errorf("member %d surfaced %q", i+1, line)
			}
		}
	}
}

// heard waits until everybody has heard what all others said, once and in order.
func heard(t *testing.T, members []member, lines []int) {
	t.Helper()
	for i, m := range members {
		var wrong string
		await(t, "all lines are there", func() bool {
			wrong = ""
			for _, c := range conversations(m) {
				if len(c.heard) == 0 {
					continue
				}
				var j, n int
				for k, line := range c.heard {
					if _, err := fmt.Sscanf(line, "%d %d", &j, &n); err != nil || n != k {
						t.Fatalf("member %d heard %q where %d was due", i, line, k)
					}
				}
				if len(c.heard) != lines[j] {
					wrong = fmt.Sprintf("%d of %d lines of %d", len(c.heard), lines[j], j)
				}
			}
			return wrong == ""
		}, m)
	}
}

// TestRoomOfEight has four tabs and four native peers meet: 28 connections, which
// outlive the relay, and each hears each.
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
		await(t, "it is back", func() bool { return m.count(peer.RoomJoined) == 2 }, m)
		m.renegotiate()
	}
	t.Logf("all agree %.1f s after the relay was back", converge(t, members).Seconds())
	lines := make([]int, len(members))
	for range 20 {
		for i, m := range members {
			m.say(fmt.Sprint(i, " ", lines[i]))
			lines[i]++
		}
	}
	heard(t, members, lines)
	for i, m := range members {
		all := conversations(m)
		delete(all, "")
		if len(all) != len(members)-1 {
			t.Errorf("member %d has met %d others", i, len(all))
		}
		for id, c := range all {
			if c.pairings != 1 || len(c.heard) != 20 {
				t.Errorf("member %d and %s: %d pairings, %d lines", i, id, c.pairings, len(c.heard))
			}
		}
	}
}
