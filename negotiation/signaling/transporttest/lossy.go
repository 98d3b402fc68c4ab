package transporttest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"perfect-negotiation/negotiation/internal/timing"
	"perfect-negotiation/negotiation/peer"
	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/link"
	"perfect-negotiation/negotiation/signaling/trouble"
	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/negotiation/trace"
)

// bad is what befalls each message, on its way in and on its way out.
var bad = trouble.Settings{Jitter: 50 * time.Millisecond, Drop: 0.1, Duplicate: 0.1} // in both directions: 20 %

// worsened returns a dialer with trouble on it.
func worsened(dial signaling.Dialer) signaling.Dialer {
	return func(ctx context.Context, o signaling.Options, h signaling.Handler) (signaling.Transport, error) {
		var t trouble.Trouble
		t.Set(bad)
		return t.Dialer(dial)(ctx, o, h)
	}
}

// underLink: over a transport with trouble, link delivers once and in order.
func underLink(r *room) error {
	r.dial = worsened(r.dial)
	const n = 10
	var ends [2]*linked
	for i := range ends {
		ends[i] = newLinked()
		defer ends[i].stop()
	}
	for _, end := range ends {
		m, err := r.enter(r.options(), end.receive)
		if err != nil {
			return err
		}
		end.use(m)
	}
	for i, end := range ends {
		other := ends[1-i]
		if err := end.m.meets(other.m); err != nil {
			return err
		}
		end.do(func() { end.to = other.m.id; end.flush() })
	}
	for i := range n {
		for _, end := range ends {
			end.send(strconv.Itoa(i + 1))
		}
		time.Sleep(2 * bad.Jitter)
	}
	timeout := time.After(6 * within)
	for _, end := range ends {
		for want := 1; want <= n; want++ {
			select {
			case got := <-end.got:
				if got != strconv.Itoa(want) {
					return fmt.Errorf("message %d comes as %q", want, got)
				}
			case <-timeout:
				return fmt.Errorf("message %d of %d has not come within %s", want, n, 6*within)
			}
		}
	}
	return nil
}

// linked is a member with a link.
type linked struct {
	m   *member
	got chan string

	mu             sync.Mutex // held by all that follows
	to             string
	end            *link.End[signaling.Envelope]
	retransmission timing.Retransmission
	unsent         []string // until the link is bound
}

func newLinked() *linked {
	l := &linked{got: make(chan string, 1000), end: link.New[signaling.Envelope](signaling.NewKey)}
	l.retransmission = timing.Retransmission{Enqueue: l.do, Flush: l.flush, Stalled: func(bool) {}}
	return l
}

func (l *linked) do(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f()
}

func (l *linked) use(m *member) { l.do(func() { l.m = m }) }

func (l *linked) stop() { l.do(l.retransmission.Stop) }

// send sends a text, as soon as the link is bound.
func (l *linked) send(text string) {
	l.do(func() {
		l.unsent = append(l.unsent, text)
		l.say()
		l.flush()
	})
}

func (l *linked) say() {
	for len(l.unsent) > 0 && l.end.Send(signaling.Envelope{Request: l.unsent[0]}) == nil {
		l.unsent = l.unsent[1:]
	}
}

func (l *linked) receive(e signaling.Envelope) {
	if e.From == "" || e.Session == "" {
		return
	}
	l.do(func() {
		outcome := l.end.Receive(e.Frame(), true)
		if outcome.Delivered {
			l.got <- e.Request
		}
		l.say()
		l.flush()
	})
}

func (l *linked) flush() {
	if l.to == "" {
		return
	}
	for _, f := range l.end.Frames() {
		e := signaling.Framed(f, wire.Hello{Source: "transporttest", Protocol: wire.Protocol})
		e.To = l.to
		_ = l.m.transport.Send(e) // what is lost is sent again
	}
	l.retransmission.Update(l.end, false, false)
}

// underPeers: over a transport with trouble, three peers connect and talk.
func underPeers(r *room) error {
	const n = 3
	dial := worsened(r.dial)
	opened, said := make(chan struct{}, 100), make(chan string, 100)
	var refused error
	var mu sync.Mutex
	var peers []*peer.Peer
	defer func() {
		for _, p := range peers {
			p.Close()
			<-p.Done()
		}
	}()
	for range n {
		p, err := peer.Join(r.ctx, peer.Config{
			Options:   r.options(),
			Dial:      dial,
			OnConnect: func(*peer.Peer, string) { opened <- struct{}{} },
			OnMessage: func(_ *peer.Peer, from string, m peer.Message) { said <- from + string(m.Data) },
			Trace: func(e trace.Event) {
				if e.Kind == trace.RelayRefused || e.Kind == trace.RelayReplaced {
					mu.Lock()
					defer mu.Unlock()
					refused = errors.Join(refused, fmt.Errorf("it is put out: %w", e.Err))
				}
			},
		})
		if err != nil {
			return err
		}
		peers = append(peers, p)
	}
	timeout := time.After(6 * within)
	await := func(count int, what string, come func() bool) error {
		for i := range count {
			if !come() {
				mu.Lock()
				defer mu.Unlock()
				return errors.Join(refused, fmt.Errorf("%d of %d %s within %s", i, count, what, 6*within))
			}
		}
		return nil
	}
	if err := await(n*(n-1), "connections are there", func() bool {
		select {
		case <-opened:
			return true
		case <-timeout:
			return false
		}
	}); err != nil {
		return err
	}
	for _, p := range peers {
		if err := p.Say("", "hello"); err != nil {
			return err
		}
	}
	return await(n*(n-1), "messages have come", func() bool {
		select {
		case <-said:
			return true
		case <-timeout:
			return false
		}
	})
}
