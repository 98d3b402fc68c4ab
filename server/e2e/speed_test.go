package e2e

import (
	"flag"
	"fmt"
	"slices"
	"testing"

	"perfect-negotiation/negotiation/trace"
)

var speedRounds = flag.Int("speed", 0, "how many rounds TestSpeed measures; 0: it does not run")

// renegotiations are those of a round.
const renegotiations = 10

// TestSpeed measures our page beside one that has the logic of the W3C sample in
// JavaScript, over the same relay and in the same browser, in turns. It prints a
// table, and finds no time too long.
func TestSpeed(t *testing.T) {
	if *speedRounds == 0 {
		t.Skip("only for make bench")
	}
	rows := []*speed{
		{name: "click → channel open, polite clicks"},
		{name: "click → channel open, impolite clicks"},
		{name: "click → stable again, first time"},
		{name: "click → stable again, later"},
	}
	for round := range 2 * *speedRounds {
		t.Run(fmt.Sprintf("round %d of %d", round+1, 2**speedRounds), func(t *testing.T) {
			w, side := newWorld(t), round%2
			pages := []racers{ourPages(w), theirPages(w)}
			// inTurn measures both once, in another order each time.
			inTurn := func(n int, row *speed, measure func(racers) float64) {
				for i := range pages {
					which := (n + i) % 2
					row.ms[which] = append(row.ms[which], measure(pages[which]))
				}
			}
			inTurn(round/2, rows[side], func(r racers) float64 { return r.connect(side) })
			for n := range renegotiations {
				inTurn(n, rows[2+min(n, 1)], func(r racers) float64 { return r.renegotiate(side) })
			}
		})
	}
	if t.Failed() {
		return
	}
	fmt.Printf("%-38s %4s  %-20s %-20s %s\n", "median [quartiles] of ms", "n", "our page", "JavaScript", "ratio")
	for _, row := range rows {
		fmt.Println(row)
	}
}

// speed is what was measured, of our page and of the other one.
type speed struct {
	name string
	ms   [2][]float64
}

func (s *speed) String() string {
	var text [2]string
	var medians [2]float64
	for i, ms := range s.ms {
		slices.Sort(ms)
		medians[i] = quantile(ms, 0.5)
		text[i] = fmt.Sprintf("%.1f [%.1f–%.1f]", medians[i], quantile(ms, 0.25), quantile(ms, 0.75))
	}
	return fmt.Sprintf("%-36s %4d  %-22s %-22s %.2f", s.name, len(s.ms[0]), text[0], text[1], medians[0]/medians[1])
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

// stopwatch lets a page measure the time from a click to a channel that opens, or to
// a connection that is stable again.
const stopwatch = `{
	const made = RTCPeerConnection, waiting = {};
	window.RTCPeerConnection = class extends made {
		constructor(...args) {
			super(...args);
			this.addEventListener("signalingstatechange", () => { waiting[this.signalingState]?.(performance.now()); });
		}
		createDataChannel(...args) {
			const channel = super.createDataChannel(...args);
			channel.addEventListener("open", () => { waiting.open?.(performance.now()); });
			return channel;
		}
	};
	window.timed = (what, click) => new Promise((resolve, reject) => {
		setTimeout(reject, 20000, new Error("20 s and not " + what));
		waiting[what] = (end) => resolve(end - begin);
		const begin = performance.now();
		click();
	});
}`

// racers are two pages of a kind, a polite one and an impolite one.
type racers struct {
	tabs         [2]*tab
	click, again string // JavaScript functions: connect, and negotiate again
}

func ourPages(w *world) racers {
	r := racers{
		click: `() => document.querySelector("#connect").click()`,
		again: `() => document.querySelector("#renegotiate").click()`,
	}
	for i, path := range []string{"/polite", "/impolite"} {
		b := w.blank(w.url + path)
		if err := b.prepare(stopwatch); err != nil {
			w.t.Fatal(err)
		}
		b.open()
		r.tabs[i] = b
	}
	for _, b := range r.tabs {
		await(w.t, "they are paired", func() bool { return b.count(trace.Paired) > 0 }, b)
	}
	return r
}

// theirPages are in another room of the same relay.
func theirPages(w *world) racers {
	r := racers{click: `connect`, again: `renegotiate`}
	for i, role := range []string{"polite", "impolite"} {
		b := w.blank(fmt.Sprintf("%s/w3c/w3c.html?room=javascript&role=%s", w.url, role))
		if err := b.prepare(stopwatch); err != nil {
			w.t.Fatal(err)
		}
		if err := b.navigate(b.url); err != nil {
			w.t.Fatal(err)
		}
		await(w.t, "the page is in the room", func() bool { return b.text(`socket.readyState + ""`) == "1" })
		r.tabs[i] = b
	}
	return r
}

// connect connects from one side, and returns how many ms that took.
func (r racers) connect(side int) float64 { return r.timed(side, "open", r.click) }

func (r racers) renegotiate(side int) float64 { return r.timed(side, "stable", r.again) }

func (r racers) timed(side int, what, click string) (ms float64) {
	b := r.tabs[side]
	b.t.Helper()
	if err := b.evaluate(fmt.Sprintf(`timed(%q, %s)`, what, click), &ms); err != nil {
		b.t.Fatal(err)
	}
	return ms
}
