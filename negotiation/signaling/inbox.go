package signaling

import (
	"sync"
	"time"
)

// maxUnheard is the maximum of messages that wait for one handler.
const maxUnheard = 512

// Inbox calls a [Handler] as a [Transport] must: one call after the other, in order, on a
// goroutine of its own, so that whoever has news need not wait. Its methods may be called
// at any time from any goroutine.
type Inbox struct {
	mu    sync.Mutex
	more  sync.Cond // calls or closed have changed
	calls []func()  // of the handler, that wait
	last  bool      // no call comes after these
	done  chan struct{}

	handler Handler
}

// NewInbox returns an Inbox, which runs until Close is called or Disconnected is final.
func NewInbox(handler Handler) *Inbox {
	b := &Inbox{handler: handler, done: make(chan struct{})}
	b.more.L = &b.mu
	go b.run()
	return b
}

// Connected has the handler's Connected called.
func (b *Inbox) Connected() { b.put(b.handler.Connected, false, false) }

// Received has the handler called with an envelope. It reports false if that is lost,
// because too many wait or the Inbox has ended. Who comes and goes is never lost.
func (b *Inbox) Received(e Envelope) bool {
	return b.put(func() { b.handler.Received(e) }, e.From != "" || e.Error != nil, false)
}

// Disconnected has the handler's Disconnected called. If final is set, that is the last
// call.
func (b *Inbox) Disconnected(err error, retry time.Duration, final bool) {
	b.put(func() { b.handler.Disconnected(err, retry, final) }, false, final)
}

func (b *Inbox) put(call func(), may, last bool) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.last || may && len(b.calls) >= maxUnheard {
		return false
	}
	b.calls, b.last = append(b.calls, call), last
	b.more.Signal()
	return true
}

// Close drops the calls that wait. It does not wait: see [Inbox.Done].
func (b *Inbox) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls, b.last = nil, true
	b.more.Signal()
}

// Done is closed when the handler is not called any more.
func (b *Inbox) Done() <-chan struct{} { return b.done }

func (b *Inbox) run() {
	defer close(b.done)
	for {
		b.mu.Lock()
		for len(b.calls) == 0 && !b.last {
			b.more.Wait()
		}
		if len(b.calls) == 0 {
			b.mu.Unlock()
			return
		}
		call := b.calls[0]
		b.calls = b.calls[1:]
		b.mu.Unlock()
		call()
	}
}
