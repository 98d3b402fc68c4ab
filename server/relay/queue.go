package relay

import (
	"sync"

	"github.com/gorilla/websocket"
)

// frame is a WebSocket message to be written. Its data may be shared with other
// queues and must not be changed.
type frame struct {
	kind int // a websocket message type
	data []byte
	of   *stamped // whose data it is; a queue holds it
}

// frameOf returns a text that is not stamped as a frame.
func frameOf(text []byte) frame { return frame{kind: websocket.TextMessage, data: text} }

// queue holds the frames to be written to one client, and knows whether a
// goroutine is writing them. Its methods may be called from any goroutine.
type queue struct {
	maxFrames, maxBytes int
	all                 *backlog // of all queues; nil: not counted

	mu      sync.Mutex
	frames  []frame // oldest first
	bytes   int     // in frames
	writing bool    // a goroutine is calling next until it returns false
	closed  bool    // further frames are dropped

	put, taken uint64 // frames so far
}

// push adds f, and returns the bytes that wait with it. If start is true, the caller
// must start a goroutine that writes what next returns. If full is true, f would exceed
// a bound and was not added. An empty queue takes any frame.
func (q *queue) push(f frame) (waiting int, start, full bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return 0, false, false
	}
	bytes := q.bytes + len(f.data)
	if n := len(q.frames); n > 0 && (n >= q.maxFrames || bytes > q.maxBytes || q.all.full() && bytes > q.all.share) {
		return bytes, false, true
	}
	q.add(f)
	return bytes, q.claim(), false
}

// progress returns how many frames have ever been added, and how many of them wait no
// longer.
func (q *queue) progress() (put, taken uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.put, q.taken
}

// finish adds the last frames of the connection regardless of bounds. With
// discard, they replace all that wait. start is as in push.
func (q *queue) finish(discard bool, last ...frame) (start bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	if discard {
		q.clear()
	}
	for _, f := range last {
		q.add(f)
	}
	q.closed = true
	return q.claim()
}

// next takes the oldest frame, which the caller must release. If there is none, the
// writing goroutine must end.
func (q *queue) next() (f frame, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.frames) == 0 {
		q.frames = nil
		q.writing = false
		return frame{}, false
	}
	f = q.frames[0]
	q.frames[0] = frame{}
	q.frames = q.frames[1:]
	q.bytes -= len(f.data)
	q.all.add(-len(f.data))
	q.taken++
	return f, true
}

// size returns how many frames wait, and how many bytes they have.
func (q *queue) size() (frames, bytes int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.frames), q.bytes
}

// drop empties the queue for good.
func (q *queue) drop() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.clear()
	q.closed = true
}

func (q *queue) clear() {
	q.all.add(-q.bytes)
	q.taken += uint64(len(q.frames))
	for _, f := range q.frames {
		f.of.release()
	}
	q.frames, q.bytes = nil, 0
}

func (q *queue) add(f frame) {
	f.of.hold()
	q.frames = append(q.frames, f)
	q.bytes += len(f.data)
	q.all.add(len(f.data))
	q.put++
}

// claim reports whether a writing goroutine must be started.
func (q *queue) claim() bool {
	start := !q.writing && len(q.frames) > 0
	q.writing = q.writing || start
	return start
}
