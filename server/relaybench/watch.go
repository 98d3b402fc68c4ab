package main

import (
	"context"
	"time"
)

// watch looks at the memory of the process until ctx ends. The function that it returns
// says by how many MB that has grown at most.
func (p *process) watch(ctx context.Context) (growth func() float64) {
	before, _ := p.memory() // an error shows in what is measured otherwise
	highest := before
	done := make(chan struct{})
	ticker := time.NewTicker(50 * time.Millisecond)
	go func() {
		defer close(done)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				now, _ := p.memory()
				highest = max(highest, now)
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() float64 {
		<-done
		return (highest - before) / (1 << 20)
	}
}
