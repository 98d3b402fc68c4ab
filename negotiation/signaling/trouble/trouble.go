// Package trouble makes signalling worse than it is: late, out of order, lost, doubled,
// cut off. It stands between a peer and its transport, below package link, which has to
// make up for it, and concerns the messages of this peer alone: those that it sends and
// those that it gets.
//
//	var t trouble.Trouble
//	p, err := peer.Join(ctx, peer.Config{Options: options, Dial: t.Dialer(signaling.Relay)})
//	t.Set(trouble.Settings{Delay: 300 * time.Millisecond, Drop: 0.2})
package trouble

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"perfect-negotiation/negotiation/signaling"
)

// MaxDelay is the longest delay and jitter.
const MaxDelay = 10 * time.Second

// Settings say what befalls each message between peers, in both directions. What the
// relay itself says is left alone. The zero value is no trouble.
type Settings struct {
	Delay     time.Duration // how much later a message arrives; their order is kept
	Jitter    time.Duration // up to this much later still, at random: messages overtake each other
	Drop      float64       // the part of messages that is lost, from 0 to 1
	Duplicate float64       // the part of the others that arrives twice
	Hold      bool          // all wait until it is off again; there is room for some hundreds
}

// Trouble is the settings of one peer, which may change at any time. The zero value is
// no trouble. Its methods may be called from any goroutine.
type Trouble struct {
	// Random returns numbers from 0 up to 1; nil: those of math/rand. Set it first.
	Random func() float64

	mu       sync.Mutex
	settings Settings
	current  *transport // the last that was dialled; nil: none
}

// Set changes the settings. A value that is out of bounds becomes the nearest one.
// Messages that are on their way already arrive when they were to arrive before.
func (t *Trouble) Set(s Settings) {
	s.Delay = min(max(s.Delay, 0), MaxDelay)
	s.Jitter = min(max(s.Jitter, 0), MaxDelay)
	s.Drop = min(max(s.Drop, 0), 1)
	s.Duplicate = min(max(s.Duplicate, 0), 1)
	t.mu.Lock()
	t.settings = s
	current := t.current
	t.mu.Unlock()
	if current != nil {
		current.changed()
	}
}

// Settings returns the settings.
func (t *Trouble) Settings() Settings {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.settings
}

// Cut has the connection lost, and made again after a while. What is on its way is lost.
func (t *Trouble) Cut(d time.Duration) {
	t.mu.Lock()
	current := t.current
	t.mu.Unlock()
	if current != nil {
		current.cutFor(d)
	}
}

// Dialer returns a dialer that puts the trouble between a peer and what dial dials.
func (t *Trouble) Dialer(dial signaling.Dialer) signaling.Dialer {
	return func(ctx context.Context, o signaling.Options, handler signaling.Handler) (signaling.Transport, error) {
		if o.Key == "" {
			o.Key = signaling.NewKey() // the same after a cut
		}
		ctx, cancel := context.WithCancel(ctx)
		c := &transport{trouble: t, handler: handler, cut: make(chan struct{}, 1), check: make(chan struct{}, 1), cancel: cancel, done: make(chan struct{})}
		if err := c.dial(ctx, dial, o); err != nil {
			cancel()
			return nil, err
		}
		t.mu.Lock()
		t.current = c
		t.mu.Unlock()
		go c.run(ctx, func(ctx context.Context) error { return c.dial(ctx, dial, o) })
		return c, nil
	}
}

func (t *Trouble) random() float64 {
	if t.Random != nil {
		return t.Random()
	}
	return rand.Float64()
}
