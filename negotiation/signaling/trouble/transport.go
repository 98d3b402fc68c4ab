package trouble

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/wire"
)

// ErrCut is what a peer is told of its connection after [Trouble.Cut].
var ErrCut = errors.New("the connection was cut here")

// transport is a connection with the trouble on it.
type transport struct {
	trouble *Trouble
	handler signaling.Handler
	cut     chan struct{} // capacity 1: it is to be lost
	check   chan struct{} // capacity 1: and made again at once
	cancel  context.CancelFunc
	done    chan struct{}

	calls sync.Mutex // held during calls of the handler, which must not overlap; locked before mu

	mu      sync.Mutex
	inner   signaling.Transport // nil: it is cut
	lost    time.Duration       // for how long, when cut is signalled
	in, out queue
	timer   *time.Timer // for the first that arrives; nil: none is to
}

// dial connects. Nothing is sent or received before it is known what to send on.
func (c *transport) dial(ctx context.Context, dial signaling.Dialer, o signaling.Options) (err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inner, err = dial(ctx, o, signaling.Handler{
		Connected:    func() { c.call(c.handler.Connected) },
		Received:     c.received,
		Disconnected: func(err error, retry time.Duration, final bool) { c.disconnected(err, retry, final) },
	})
	return err
}

// run waits until the connection has ended, and makes another one when it was cut.
func (c *transport) run(ctx context.Context, redial func(context.Context) error) {
	defer close(c.done)
	defer c.cancel()
	for {
		select {
		case <-c.inner.Done():
			c.lose()
			return
		case <-c.cut:
			inner := c.inner
			c.lose()
			inner.Close()
			<-inner.Done()
			c.disconnected(ErrCut, c.lost, false)
			select {
			case <-time.After(c.lost):
			case <-c.check:
			case <-ctx.Done():
				return
			}
			if err := redial(ctx); err != nil {
				c.disconnected(err, 0, true)
				return
			}
		}
	}
}

// lose forgets the connection and what is on its way. The handler is not called any more
// by either.
func (c *transport) lose() {
	c.calls.Lock()
	defer c.calls.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inner, c.in, c.out = nil, queue{}, queue{}
	c.set(nil)
	for _, pending := range []chan struct{}{c.cut, c.check} {
		select {
		case <-pending:
		default:
		}
	}
}

// cutFor has run lose the connection for a while, unless it is lost.
func (c *transport) cutFor(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.inner != nil {
		c.lost = d
		signal(c.cut)
	}
}

func signal(pending chan struct{}) {
	select {
	case pending <- struct{}{}:
	default:
	}
}

func (c *transport) call(f func()) {
	c.calls.Lock()
	defer c.calls.Unlock()
	f()
}

func (c *transport) disconnected(err error, retry time.Duration, final bool) {
	c.call(func() { c.handler.Disconnected(err, retry, final) })
}

// received takes an envelope from the connection.
func (c *transport) received(e signaling.Envelope) {
	c.calls.Lock()
	defer c.calls.Unlock()
	if c.passes(e) {
		c.handler.Received(e)
	}
}

// passes reports whether an envelope is handed on at once.
func (c *transport) passes(e signaling.Envelope) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.trouble.Settings()
	switch {
	case c.inner == nil:
		return false
	case e.From == "", s == Settings{} && len(c.in.list) == 0:
		return true
	}
	c.in.put(e, time.Now(), s, c.trouble.random) // without room it is lost
	c.next(s)
	return false
}

// Send implements [signaling.Transport].
func (c *transport) Send(e signaling.Envelope) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.inner == nil {
		return signaling.ErrNotConnected
	}
	s := c.trouble.Settings()
	if s == (Settings{}) && len(c.out.list) == 0 {
		return c.inner.Send(e)
	}
	frame, err := e.MarshalJSON()
	switch {
	case err != nil:
		return fmt.Errorf("trouble: %w", err)
	case len(frame) > wire.MaxFrame:
		return signaling.ErrTooLarge
	case !c.out.put(e, time.Now(), s, c.trouble.random):
		return signaling.ErrSlow
	}
	c.next(s)
	return nil
}

// arrived hands on what has arrived.
func (c *transport) arrived() {
	c.calls.Lock()
	defer c.calls.Unlock()
	for _, e := range c.take() {
		c.handler.Received(e)
	}
}

// take sends on what has left here by now, and returns what has arrived.
func (c *transport) take() (in []signaling.Envelope) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.trouble.Settings()
	if s.Hold || c.inner == nil {
		return nil
	}
	now := time.Now()
	for e, ok := c.out.take(now); ok; e, ok = c.out.take(now) {
		_ = c.inner.Send(e) // else it is lost
	}
	for e, ok := c.in.take(now); ok; e, ok = c.in.take(now) {
		in = append(in, e)
	}
	c.next(s)
	return in
}

// changed is called when the settings have changed.
func (c *transport) changed() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next(c.trouble.Settings())
}

// next sets the timer for the message that arrives next. The caller has mu.
func (c *transport) next(s Settings) {
	var first *message
	for _, q := range []*queue{&c.in, &c.out} {
		if len(q.list) > 0 && (first == nil || q.list[0].arrives.Before(first.arrives)) {
			first = &q.list[0]
		}
	}
	if s.Hold {
		first = nil
	}
	c.set(first)
}

func (c *transport) set(first *message) {
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
	}
	if first != nil {
		c.timer = time.AfterFunc(time.Until(first.arrives), c.arrived)
	}
}

// Check implements [signaling.Transport]. While the connection is cut it ends that.
func (c *transport) Check() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.inner != nil {
		c.inner.Check()
		return
	}
	signal(c.check)
}

// Close implements [signaling.Transport]. What is on its way is lost.
func (c *transport) Close() { c.cancel() }

// Done implements [signaling.Transport].
func (c *transport) Done() <-chan struct{} { return c.done }
