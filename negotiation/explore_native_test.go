//go:build !js

package negotiation

import (
	"flag"
	"fmt"
	"hash/maphash"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// walk is a walk over all states that can be reached from a setting, breadth
// first, so that the first violation is the shortest.
type walk struct {
	setting     setting
	states      int
	transitions int
	violations  int
	first       []step // the shortest way to a violation
	what        []string
}

// step is one event, and what was chosen within its operations.
type step struct {
	who    uint8
	event  event
	script string
}

type node struct {
	parent int32
	step   step
}

func (w *walk) run() {
	type found struct {
		world *world
		index int32
	}
	start := newWorld(w.setting)
	nodes := []node{{parent: -1}}
	seen := map[[2]uint64]struct{}{}
	seeds := [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}
	frontier := []found{{start, 0}}
	var buffer []byte
	visit := func(v *world, from int32, s step) (int32, bool) {
		buffer = v.key(buffer[:0])
		key := [2]uint64{maphash.Bytes(seeds[0], buffer), maphash.Bytes(seeds[1], buffer)}
		if _, known := seen[key]; known {
			return 0, false
		}
		seen[key] = struct{}{}
		nodes = append(nodes, node{from, s})
		return int32(len(nodes) - 1), true
	}
	for len(frontier) > 0 && !stop.Load() {
		var next []found
		for _, f := range frontier {
			for who := range f.world.actors {
				for e := range events {
					if !f.world.actors[who].may(e) {
						continue
					}
					for script, more := []byte(nil), true; more; {
						v := f.world.clone(who)
						v.script = script
						v.actors[who].happen(e)
						w.transitions++
						v.check()
						s := step{uint8(who), e, string(script)}
						if len(v.broken) > 0 {
							w.violations++
							if w.first == nil {
								w.what = v.broken
								w.first = append(path(nodes, f.index), s)
							}
						} else if index, isNew := visit(v, f.index, s); isNew {
							next = append(next, found{v, index})
						}
						script, more = following(script, v.arity)
					}
				}
			}
		}
		frontier = next
		if w.violations > 0 {
			break
		}
	}
	w.states = len(nodes)
}

// following returns the script after script, where arity are the choices there
// were.
func following(script, arity []byte) ([]byte, bool) {
	next := make([]byte, len(arity))
	copy(next, script)
	for i := len(next) - 1; i >= 0; i-- {
		if next[i]+1 < arity[i] {
			next[i]++
			return next[:i+1], true
		}
	}
	return nil, false
}

func path(nodes []node, i int32) []step {
	var steps []step
	for ; nodes[i].parent >= 0; i = nodes[i].parent {
		steps = append([]step{nodes[i].step}, steps...)
	}
	return steps
}

// replay runs the steps from the beginning and returns a sequence diagram with
// the polite peer on the left and the impolite one on the right.
func replay(c setting, steps []step) (diagram string, broken []string) {
	var b strings.Builder
	const width = 58
	fmt.Fprintf(&b, "%-*s│ %s\n", width, "polite ("+c.kinds[0]+")", "impolite ("+c.kinds[1]+")")
	w := newWorld(c)
	for n, s := range steps {
		w = w.clone(int(s.who))
		w.script = []byte(s.script)
		w.record = func(who int, text string) {
			if who == 0 {
				fmt.Fprintf(&b, "%-*s│\n", width, text)
			} else {
				fmt.Fprintf(&b, "%-*s│ %s\n", width, "", text)
			}
		}
		w.record(int(s.who), fmt.Sprintf("%d. %s", n+1, []string{"delivery", "negotiation-needed task", "candidate", "retry", "change", "Renegotiate", "RestartICE", "Close"}[s.event]))
		w.actors[s.who].happen(s.event)
		w.check()
	}
	for _, text := range w.broken {
		fmt.Fprintf(&b, "✗ %s\n", text)
	}
	return b.String(), w.broken
}

var pairings = [][2]string{{"pion", "pion"}, {"pion", "browser"}, {"browser", "pion"}, {"browser", "browser"}}

// settings are what is walked for each pairing, what finds most first. Bounded is
// part of every test run; full has up to three changes a side.
func settings(kinds [2]string, full bool) []setting {
	plans := func(polite, impolite string) [2][]string {
		return [2][]string{strings.Fields(polite), strings.Fields(impolite)}
	}
	all := []setting{
		{name: "echoes", plans: plans("channel", "channel"), echoes: 1},
		{name: "restarts", plans: plans("channel", "channel"), restart: [2]int{1, 0}},
		{name: "faults", plans: plans("channel", "channel audio"), faults: 1},
		{name: "wishes", plans: plans("channel", "channel"), renegs: 1},
		{name: "closing", plans: plans("channel audio", "channel"), closes: 1},
		{name: "changes", plans: plans("channel audio", "channel audio")},
		{name: "kinds", plans: plans("audio remove", "track video")},
	}
	if full {
		all = []setting{
			{name: "echoes", plans: plans("channel", "channel"), echoes: 2},
			{name: "restarts", plans: plans("channel audio", "channel"), restart: [2]int{1, 1}},
			{name: "faults", plans: plans("channel audio", "channel audio"), renegs: 1, faults: 1},
			{name: "wishes", plans: plans("channel", "channel"), renegs: 1},
			{name: "closing", plans: plans("channel audio", "channel audio"), restart: [2]int{1, 0}, closes: 2},
			{name: "changes", plans: plans("channel audio remove", "audio channel video")},
			{name: "kinds", plans: plans("audio track remove", "track video remove")},
		}
	}
	for i := range all {
		all[i].kinds = kinds
	}
	return all
}

var explore = flag.String("explore", "bounded", "how far to walk: bounded; full, with a report; first, to the first violation of all")

// stop ends all walks.
var stop atomic.Bool

func TestExplore(t *testing.T) {
	if raceEnabled {
		t.Skip("has one goroutine, and takes long with the race detector")
	}
	full := *explore == "full"
	for i := range settings(pairings[0], full) {
		for _, kinds := range pairings {
			c := settings(kinds, full)[i]
			t.Run(c.name+"/"+kinds[0]+"/"+kinds[1], func(t *testing.T) {
				if *explore != "first" {
					t.Parallel()
				}
				begin := time.Now()
				w := &walk{setting: c}
				w.run()
				report(t, w.violations > 0, "%-8s %-8s %-9s %9d states %10d transitions %7.1f s  %d violations",
					kinds[0], kinds[1], c.name, w.states, w.transitions, time.Since(begin).Seconds(), w.violations)
				if w.violations > 0 {
					stop.Store(*explore == "first")
					diagram, _ := replay(w.setting, w.first)
					t.Errorf("%s\n%s", w.what, diagram)
				}
			})
		}
	}
}
