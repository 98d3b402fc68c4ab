//go:build !js

package negotiation

import (
	"runtime"
	"sync"
	"testing"
	"time"
)

// BenchmarkExplore walks what TestExplore walks in every test run, a walk on each
// processor.
func BenchmarkExplore(b *testing.B) {
	if *explore != "bounded" {
		b.Skip("measures bounded walks")
	}
	for b.Loop() {
		begin := time.Now()
		states := 0
		walks := make(chan *walk)
		var mu sync.Mutex
		var wg sync.WaitGroup
		for range runtime.GOMAXPROCS(0) {
			wg.Go(func() {
				for w := range walks {
					w.run()
					mu.Lock()
					states += w.states
					if w.violations > 0 {
						b.Errorf("%s", w.what)
					}
					mu.Unlock()
				}
			})
		}
		for i := range settings(pairings[0], false) {
			for _, kinds := range pairings {
				walks <- &walk{start: newWorld(settings(kinds, false)[i])}
			}
		}
		close(walks)
		wg.Wait()
		b.ReportMetric(float64(states), "states")
		b.ReportMetric(float64(states)/time.Since(begin).Seconds(), "states/s")
	}
}
