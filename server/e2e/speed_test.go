package e2e

import (
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"
)

var speedRounds = flag.Int("speed", 0, "how many rounds TestSpeed measures; 0: it does not run")

// pause lets a page draw before the next figure: people are slower, too.
const pause = 150 * time.Millisecond

// TestSpeed measures our page beside one that has the logic of the W3C sample in
// JavaScript, over the same relay and in the same browser, in turns. It prints a
// table, and finds no time too long.
func TestSpeed(t *testing.T) {
	if *speedRounds == 0 {
		t.Skip("only for make bench")
	}
	connect := [2]*speed{{name: "click → open, polite clicks, ms"}, {name: "click → open, impolite clicks, ms"}}
	young, old := &speed{name: "click → stable again, 1st to 5th, ms"}, &speed{name: "click → stable again, 51st to 55th, ms"}
	collision := &speed{name: "both want at once → both have it, ms"}
	chat := []*speed{{name: "lines shown per s, 64 B", n: 3000, size: 64}, {name: "lines shown per s, 1 KiB", n: 1500, size: 1 << 10}, {name: "lines shown per s, 16 KiB", n: 200, size: 16 << 10}}
	flood := &speed{name: "longest task of 10,000 lines, over 50 ms"}
	heap := &speed{name: "JavaScript's heap, MB"}
	for round := range 2 * *speedRounds {
		side := round % 2
		t.Run(fmt.Sprintf("round %d of %d", round+1, 2**speedRounds), func(t *testing.T) {
			w := newWorld(t)
			pages := [2]racers{ourPages(w), theirPages(w)}
			connect[side].measure(pages, round/2, func(r racers) float64 { return r.connect(side) })
			for n := range 55 {
				row := new(speed) // nobody reads it
				switch {
				case n < 5:
					row = young
				case n >= 50:
					row = old
				}
				row.measure(pages, n, func(r racers) float64 {
					if row == young || row == old {
						time.Sleep(pause)
					}
					return r.renegotiate(side)
				})
			}
			for n := range 4 {
				time.Sleep(pause)
				collision.measure(pages, n, racers.collide)
			}
			for _, row := range chat {
				row.measure(pages, round/2, func(r racers) float64 { return r.chat(side, row.n, row.size) })
			}
			flood.measure(pages, round/2, func(r racers) (ms float64) {
				to := r.tabs[1-side]
				to.eval(`longest = 0`, nil)
				r.chat(side, 10_000, 64)
				to.eval(`longest`, &ms)
				return ms
			})
			heap.measure(pages, round/2, func(r racers) float64 { return r.heap(side) })
		})
		if t.Failed() {
			return
		}
	}
	fmt.Printf("%-42s %4s  %-22s %-22s %s\n", "median [quartiles]", "n", "our page", "JavaScript", "ratio")
	for _, row := range slices.Concat(connect[:], []*speed{young, old, collision}, chat, []*speed{flood, heap}) {
		fmt.Println(row)
	}
}

// speed is what was measured, of our page and of the other one.
type speed struct {
	name    string
	n, size int // of lines
	values  [2][]float64
}

// measure measures both once, the one or the other first.
func (s *speed) measure(pages [2]racers, turn int, value func(racers) float64) {
	for i := range pages {
		which := (turn + i) % 2
		s.values[which] = append(s.values[which], value(pages[which]))
	}
}

func (s *speed) String() string {
	var text [2]string
	var medians [2]float64
	for i, values := range s.values {
		slices.Sort(values)
		medians[i] = quantile(values, 0.5)
		text[i] = fmt.Sprintf("%.1f [%.1f–%.1f]", medians[i], quantile(values, 0.25), quantile(values, 0.75))
	}
	ratio := "–"
	if medians[1] > 0 {
		ratio = fmt.Sprintf("%.2f", medians[0]/medians[1])
	}
	return fmt.Sprintf("%-42s %4d  %-22s %-22s %s", s.name, len(s.values[0]), text[0], text[1], ratio)
}

// quantile interpolates between sorted values.
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	i := int(at)
	if i+1 == len(sorted) {
		return sorted[i]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}
