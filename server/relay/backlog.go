package relay

import "sync/atomic"

// backlog counts the bytes that wait in all queues together. While there are more than
// the bound, a queue that has more than its share is full. Its methods may be called
// from any goroutine, and on nil, where nothing is counted.
type backlog struct {
	max   int64
	share int
	bytes atomic.Int64
}

func (b *backlog) add(bytes int) {
	if b != nil {
		b.bytes.Add(int64(bytes))
	}
}

// full reports whether all queues together hold as much as they may.
func (b *backlog) full() bool { return b != nil && b.bytes.Load() >= b.max }
