package e2e

import (
	"flag"
	"fmt"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	cdp "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

var ladderFrames = flag.Int("ladder", 0, "how many frames TestLadderSpeed measures; 0: it does not run")

// TestLadderSpeed measures the page with 1,000 events in the ladder, while an exchange
// comes in each frame. It prints a table, and finds no time too long.
func TestLadderSpeed(t *testing.T) {
	if *ladderFrames == 0 {
		t.Skip("only for make bench")
	}
	b := newWorld(t).tab("/polite")
	if err := chromedp.Run(b.ctx, cdp.BringToFront(), emulation.SetFocusEmulationEnabled(true), chromedp.EmulateViewport(1280, 900)); err != nil {
		t.Fatal(err)
	}
	b.tell(many(250))
	var appends, frames []float64
	b.eval(fmt.Sprintf(`(async (lines, frames) => {
		const times = [];
		for (let i = 1000; i < 1000 + 4 * frames; i += 4) {
			const begin = performance.now();
			inspector.add(lines.slice(i, i + 4).join("\n"));
			times.push(performance.now() - begin);
			await new Promise(requestAnimationFrame);
		}
		return times;
	})(%q.split("\n"), %d)`, many(250+*ladderFrames), *ladderFrames), &appends)
	b.eval(fmt.Sprintf(`(async (lines, frames) => {
		const times = [];
		for (let i = 0; i < 4 * frames; i += 4) {
			inspector.add(lines.slice(i, i + 4).join("\n"));
			times.push(await new Promise((done) => requestAnimationFrame(() => {
				const begin = performance.now();
				setTimeout(() => done(performance.now() - begin)); // when the frame is laid out and painted
			})));
		}
		return times;
	})(%q.split("\n").slice(%d), %d)`, many(250+2*(*ladderFrames)), 4*(250+*ladderFrames), *ladderFrames), &frames)
	if t.Failed() {
		return
	}
	slices.Sort(appends)
	slices.Sort(frames)
	fmt.Printf("%-38s %4s  %8s %8s %8s\n", "ms with 1,000 events", "n", "p50", "p95", "p99")
	for name, ms := range map[string][]float64{"append an exchange": appends, "a frame": frames} {
		fmt.Printf("%-38s %4d  %8.2f %8.2f %8.2f\n", name, len(ms), quantile(ms, 0.5), quantile(ms, 0.95), quantile(ms, 0.99))
	}
}
