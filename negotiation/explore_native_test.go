//go:build !js

package negotiation

import (
	"flag"
	"fmt"
	"hash/maphash"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// state is a state of two peers and of what is between them: a plain value.
type state interface {
	// next returns the state after an event at one of the two, and how many
	// choices there were within it; script says what to choose. It returns nil
	// if the event cannot happen.
	next(who int, e event, script []byte) (after state, choices []byte)
	// violations says what must not be.
	violations() []string
	// key is everything that decides what can still happen.
	key([]byte) []byte
	// observe calls f with all that happens from here on.
	observe(f func(who int, text string))
}

// event is one thing that may happen to one of the two.
type event uint8

const (
	delivery event = iota
	task
	operation
	candidate
	retry
	again
	acknowledgement
	change // from here on it is somebody's will
	renegotiation
	restart
	closing
	cut
	loss
	repetition
	delay
	crash
	events
)

func (e event) String() string {
	return []string{"delivery", "negotiation-needed task", "operation done", "candidate", "retry",
		"sends again", "acknowledges", "change", "Renegotiate", "RestartICE", "Close",
		"the relay connection is cut", "a message is lost", "a message is repeated", "a message is late", "it crashes and comes again"}[e]
}

// walk is a walk over all states that can be reached, breadth first, so that the
// first violation is the shortest.
type walk struct {
	start       state
	states      int
	transitions int
	violations  int
	seconds     float64
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

func (w walk) String() string {
	return fmt.Sprintf("%9d states %10d transitions %7.1f s  %d violations", w.states, w.transitions, w.seconds, w.violations)
}

// and returns the figures of both.
func (w walk) and(v *walk) walk {
	return walk{states: w.states + v.states, transitions: w.transitions + v.transitions, violations: w.violations + v.violations, seconds: w.seconds + v.seconds}
}

func (w *walk) run() {
	begin := time.Now()
	defer func() { w.seconds = time.Since(begin).Seconds() }()
	type found struct {
		state state
		index int32
	}
	nodes := []node{{parent: -1}}
	seen := map[[2]uint64]struct{}{}
	seeds := [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}
	frontier := []found{{w.start, 0}}
	var buffer []byte
	isNew := func(v state) bool {
		buffer = v.key(buffer[:0])
		key := [2]uint64{maphash.Bytes(seeds[0], buffer), maphash.Bytes(seeds[1], buffer)}
		_, known := seen[key]
		seen[key] = struct{}{}
		return !known
	}
	for len(frontier) > 0 && !stop.Load() {
		var next []found
		for i, f := range frontier {
			frontier[i].state = nil // which is not needed any more
			for who := range 2 {
				for e := range events {
					for script, more := []byte(nil), true; more; {
						v, choices := f.state.next(who, e, script)
						if v == nil {
							break
						}
						w.transitions++
						s := step{uint8(who), e, string(script)}
						if broken := v.violations(); len(broken) > 0 {
							w.violations++
							if w.first == nil {
								w.what = broken
								w.first = append(path(nodes, f.index), s)
							}
						} else if isNew(v) {
							nodes = append(nodes, node{f.index, s})
							next = append(next, found{v, int32(len(nodes) - 1)})
						}
						script, more = following(script, choices)
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

// following returns the script after script, if there is one.
func following(script, choices []byte) ([]byte, bool) {
	next := make([]byte, len(choices))
	copy(next, script)
	for i := len(next) - 1; i >= 0; i-- {
		if next[i]+1 < choices[i] {
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

// follow takes those of the steps that can happen, and then all that happens by
// itself, up to the first violation. It returns what was taken.
func follow(now state, steps []step) (taken []step, broken []string) {
	take := func(s step) (happened bool) {
		after, _ := now.next(int(s.who), s.event, []byte(s.script))
		if after == nil || len(broken) > 0 {
			return false
		}
		now, broken, taken = after, after.violations(), append(taken, s)
		return true
	}
	for _, s := range steps {
		take(s)
	}
	for progress := true; progress; {
		progress = false
		for who := range uint8(2) {
			for e := delivery; e < change; e++ {
				progress = take(step{who, e, ""}) || progress
			}
		}
	}
	return taken, broken
}

// replay runs the steps from the beginning and returns a sequence diagram with
// the polite peer on the left and the impolite one on the right.
func replay(start state, steps []step) string {
	var b strings.Builder
	const width = 58
	say := func(who int, text string) {
		if who == 0 {
			fmt.Fprintf(&b, "%-*s│\n", width, text)
		} else {
			fmt.Fprintf(&b, "%-*s│ %s\n", width, "", text)
		}
	}
	fmt.Fprintf(&b, "%-*s│ %s\n", width, "polite", "impolite")
	for n, s := range steps {
		say(int(s.who), fmt.Sprintf("%d. %s", n+1, s.event))
		start.observe(say)
		start, _ = start.next(int(s.who), s.event, []byte(s.script))
	}
	for _, text := range start.violations() {
		fmt.Fprintf(&b, "✗ %s\n", text)
	}
	return b.String()
}

var pairings = [][2]string{{"pion", "pion"}, {"pion", "browser"}, {"browser", "pion"}, {"browser", "browser"}}

// settings are what is walked for each pairing; those that find most come first. Bounded
// is part of every test run; full has up to three changes a side.
func settings(kinds [2]string, full bool) []setting {
	plans := func(polite, impolite string) [2][]string {
		return [2][]string{strings.Fields(polite), strings.Fields(impolite)}
	}
	all := []setting{
		{name: "echoes", plans: plans("channel", "channel"), echoes: 1},
		{name: "refusals", plans: plans("channel", "channel"), spoils: 1},
		{name: "restarts", plans: plans("channel", "channel audio"), restart: [2]int{1, 0}},
		{name: "again", plans: plans("channel", ""), restart: [2]int{2, 0}},
		{name: "faults", plans: plans("channel", "channel audio"), faults: 1},
		{name: "requests", plans: plans("channel", "audio"), renegs: 1},
		{name: "closing", plans: plans("channel audio", "channel"), closes: 1},
		{name: "changes", plans: plans("channel audio", "channel audio")},
		{name: "kinds", plans: plans("audio remove", "track")},
		{name: "tracks", plans: plans("audio track", "video")},
		{name: "cuts", plans: plans("channel", "audio"), linked: true, linkFaults: linkFaults{cuts: 1}},
		{name: "losses", plans: plans("channel", "audio"), linked: true, linkFaults: linkFaults{losses: 1}},
		{name: "repeats", plans: plans("channel", "audio"), linked: true, linkFaults: linkFaults{repeats: 1}},
		{name: "crashes", plans: plans("channel", "audio"), linked: true, linkFaults: linkFaults{crashes: 1}},
		{name: "late", plans: plans("channel", ""), linked: true, linkFaults: linkFaults{crashes: 1, repeats: 1}},
		{name: "pairs", plans: plans("channel", ""), linked: true, linkFaults: linkFaults{mishaps: 2}},
		{name: "hasty", plans: plans("channel", ""), linked: true, linkFaults: linkFaults{crashes: 1, hasty: 1}},
		{name: "mixed", plans: plans("channel", ""), restart: [2]int{1, 0}, faults: 1},
	}
	if full {
		all = []setting{
			{name: "echoes", plans: plans("channel", "channel"), echoes: 2},
			{name: "refusals", plans: plans("channel", "channel"), spoils: 2},
			{name: "restarts", plans: plans("channel audio", "channel"), restart: [2]int{1, 1}},
			{name: "again", plans: plans("channel", ""), restart: [2]int{2, 2}},
			{name: "faults", plans: plans("channel audio", "channel audio"), faults: 1},
			{name: "requests", plans: plans("channel audio", "channel audio"), renegs: 1},
			{name: "closing", plans: plans("channel audio", "channel audio"), closes: 2},
			{name: "changes", plans: plans("channel audio remove", "audio channel video")},
			{name: "kinds", plans: plans("audio track remove", "track video remove")},
			{name: "tracks", plans: plans("track track", "audio track channel")},
			{name: "cuts", plans: plans("channel audio", "audio channel"), linked: true, linkFaults: linkFaults{cuts: 2}},
			{name: "losses", plans: plans("channel audio", "audio channel"), linked: true, linkFaults: linkFaults{losses: 2}},
			{name: "repeats", plans: plans("channel audio", "audio channel"), linked: true, linkFaults: linkFaults{repeats: 2}},
			{name: "crashes", plans: plans("channel audio", "audio channel"), linked: true, linkFaults: linkFaults{crashes: 2}},
			{name: "delays", plans: plans("channel audio", "audio channel"), linked: true, linkFaults: linkFaults{delays: 2}},
			{name: "pairs", plans: plans("channel audio", "audio channel"), linked: true, linkFaults: linkFaults{mishaps: 2}},
			{name: "hasty", plans: plans("channel audio", "audio channel"), linked: true, linkFaults: linkFaults{crashes: 1, hasty: 1}},
			{name: "mixed", plans: plans("channel", "audio"), restart: [2]int{1, 0}, faults: 1},
			{name: "link", plans: plans("channel", "audio"), linked: true, linkFaults: linkFaults{cuts: 1, losses: 1, repeats: 1, crashes: 1}},
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
	if RaceEnabled {
		t.Skip("has one goroutine, and takes long with the race detector")
	}
	full := *explore == "full"
	var mu sync.Mutex
	sums := map[[2]string]walk{} // of all settings
	t.Cleanup(func() {
		for _, kinds := range pairings {
			if sum, walked := sums[kinds]; walked {
				report(t, false, "%-8s %-8s %-9s %s", kinds[0], kinds[1], "all", sum)
			}
		}
	})
	for i := range settings(pairings[0], full) {
		for _, kinds := range pairings {
			c := settings(kinds, full)[i]
			t.Run(c.name+"/"+kinds[0]+"/"+kinds[1], func(t *testing.T) {
				if *explore != "first" {
					t.Parallel()
				}
				w := &walk{start: newWorld(c)}
				w.run()
				report(t, w.violations > 0, "%-8s %-8s %-9s %s", kinds[0], kinds[1], c.name, w)
				mu.Lock()
				sums[kinds] = sums[kinds].and(w)
				mu.Unlock()
				if w.violations > 0 {
					stop.Store(*explore == "first")
					t.Errorf("%s\n%s\nTestReplay -replay %q", w.what, replay(w.start, w.first), recording{c, w.first})
				}
			})
		}
	}
}
