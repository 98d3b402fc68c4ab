package relay

import (
	"math/bits"
	"sync"
	"sync/atomic"
)

// stamped is a message that is passed on. Its buffer is used again when all are done with
// it: whoever made it, and the queues that hold it. Nil stands for bytes that are not.
type stamped struct {
	data  []byte
	users atomic.Int32
	pool  *sync.Pool // nil: it is too large to be kept
}

// Buffers are powers of two: what waits takes at most twice the memory that it counts for.
const minStamped, maxStamped = 9, 12 // the smallest is 512 bytes, the largest 4 KB

var stampedPools [maxStamped - minStamped + 1]sync.Pool

// newStamped returns an empty one for so many bytes, with one user.
func newStamped(size int) *stamped {
	power := max(bits.Len(uint(size-1)), minStamped)
	if power > maxStamped {
		s := &stamped{data: make([]byte, 0, size)}
		s.users.Store(1)
		return s
	}
	pool := &stampedPools[power-minStamped]
	s, _ := pool.Get().(*stamped)
	if s == nil {
		s = &stamped{data: make([]byte, 0, 1<<power), pool: pool}
	}
	s.data = s.data[:0]
	s.users.Store(1)
	return s
}

// hold adds a user.
func (s *stamped) hold() {
	if s != nil {
		s.users.Add(1)
	}
}

// release takes one user away, who must not touch the data any more.
func (s *stamped) release() {
	if s == nil {
		return
	}
	switch n := s.users.Add(-1); {
	case n < 0:
		panic("unreachable: each user lets go once")
	case n == 0 && s.pool != nil:
		s.pool.Put(s)
	}
}
