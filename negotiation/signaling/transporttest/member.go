package transporttest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/wire"
)

const (
	within = 5 * time.Second // for what must happen
	tries  = 20              // of a message that may be lost
	apart  = 500 * time.Millisecond
)

// room is where the members of one check meet.
type room struct {
	ctx     context.Context
	dial    signaling.Dialer
	name    string
	members []*member
}

// member writes down what its handler is told.
type member struct {
	transport signaling.Transport
	id        string
	cancel    context.CancelFunc

	busy  atomic.Bool // the handler is called
	mu    sync.Mutex
	heard []signaling.Envelope // guarded by mu
	wrong error                // a rule of handlers that was broken; guarded by mu
	calls int                  // of the handler; guarded by mu
	more  chan struct{}        // something was heard; capacity 1

	hook func(signaling.Envelope) // is called with each envelope; set before the dial
}

// options are those of a member that is new.
func (r *room) options() signaling.Options {
	return signaling.Options{Room: r.name, Rank: new(1), Key: signaling.NewKey()}
}

// enter has a member enter, and waits until it is welcome.
func (r *room) enter(o signaling.Options, hook func(signaling.Envelope)) (*member, error) {
	ctx, cancel := context.WithCancel(r.ctx)
	m := &member{cancel: cancel, more: make(chan struct{}, 1), hook: hook}
	var err error
	m.transport, err = r.dial(ctx, o, signaling.Handler{
		Connected: func() { m.called(func() {}) },
		Received:  func(e signaling.Envelope) { m.called(func() { m.receive(e) }) },
		Disconnected: func(err error, _ time.Duration, final bool) {
			m.called(func() {
				if final {
					m.breaks(fmt.Errorf("it was put out: %w", err))
				}
			})
		},
	})
	if err != nil {
		cancel()
		return nil, fmt.Errorf("cannot enter: %w", err)
	}
	r.members = append(r.members, m)
	err = m.await("a Welcome", func(e signaling.Envelope) bool { return e.Welcome != nil })
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	first := m.heard[0]
	switch {
	case first.Welcome == nil:
		return nil, errors.New("the first envelope is no Welcome")
	case first.Welcome.ID == "":
		return nil, errors.New("the Welcome names no id")
	}
	m.id = first.Welcome.ID
	return m, nil
}

// enterAs has new members enter, one after the other.
func (r *room) enterAs(n int) (list []*member, err error) {
	for range n {
		m, err := r.enter(r.options(), nil)
		if err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	for _, m := range list {
		for _, other := range list {
			if m != other {
				if err := m.meets(other); err != nil {
					return nil, err
				}
			}
		}
	}
	return list, nil
}

// close has all leave, and waits for it.
func (r *room) close() {
	for _, m := range r.members {
		m.transport.Close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	for _, m := range r.members {
		select {
		case <-m.transport.Done():
		case <-ctx.Done():
		}
		m.cancel()
	}
}

// called is what each call of the handler does.
func (m *member) called(f func()) {
	if m.busy.Swap(true) {
		m.breaks(errors.New("calls of the handler overlap"))
	}
	m.mu.Lock()
	m.calls++
	m.mu.Unlock()
	f()
	time.Sleep(50 * time.Microsecond) // for another call, which may not come
	m.busy.Store(false)
	select {
	case m.more <- struct{}{}:
	default:
	}
}

func (m *member) receive(e signaling.Envelope) {
	m.mu.Lock()
	if m.calls == 1 {
		m.wrong = errors.Join(m.wrong, errors.New("an envelope comes before Connected is called"))
	}
	m.heard = append(m.heard, e)
	m.mu.Unlock()
	if m.hook != nil {
		m.hook(e)
	}
}

func (m *member) breaks(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.wrong = errors.Join(m.wrong, err)
}

// has reports whether an envelope was heard, or what went wrong.
func (m *member) has(is func(signaling.Envelope) bool) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.wrong != nil {
		return false, m.wrong
	}
	for _, e := range m.heard {
		if is(e) {
			return true, nil
		}
	}
	return false, nil
}

// hears waits for an envelope.
func (m *member) hears(is func(signaling.Envelope) bool, d time.Duration) (bool, error) {
	for timeout := time.After(d); ; {
		if ok, err := m.has(is); ok || err != nil {
			return ok, err
		}
		select {
		case <-m.more:
		case <-timeout:
			return false, nil
		}
	}
}

// await waits for an envelope that must come.
func (m *member) await(what string, is func(signaling.Envelope) bool) error {
	ok, err := m.hears(is, within)
	if err == nil && !ok {
		err = fmt.Errorf("%s has not come within %s", what, within)
	}
	return err
}

// meets waits until m knows of other, from its Welcome or a Joined.
func (m *member) meets(other *member) error {
	return m.await("who else is there", func(e signaling.Envelope) bool {
		if e.Joined != nil && e.Joined.ID == other.id {
			return stated(*e.Joined)
		}
		if e.Welcome != nil {
			for _, peer := range e.Welcome.Peers {
				if peer.ID == other.id {
					return stated(peer)
				}
			}
		}
		return false
	})
}

// stated reports whether a member is announced with what it has stated.
func stated(m wire.Member) bool { return m.Rank != nil && *m.Rank == 1 && m.Role == "" }

// tells sends an envelope until it arrives, and returns it as it has arrived.
func (m *member) tells(to *member, e signaling.Envelope, is func(signaling.Envelope) bool) (got signaling.Envelope, err error) {
	e.To = to.id
	found := func(e signaling.Envelope) bool {
		if e.From == "" || !is(e) {
			return false
		}
		got = e
		return true
	}
	for range tries {
		if err = m.transport.Send(e); errors.Is(err, signaling.ErrTooLarge) {
			break
		}
		if ok, wrong := to.hears(found, apart); ok || wrong != nil {
			return got, wrong
		}
	}
	if err != nil {
		return got, fmt.Errorf("it cannot be sent: %w", err)
	}
	return got, fmt.Errorf("sent %d times, it has not arrived", tries)
}
