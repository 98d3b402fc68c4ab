//go:build !js

package peer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/trace"
)

// taking returns an option that takes channels.
func taking(taken chan<- *Channel) func(*member, *Config) {
	return func(_ *member, c *Config) {
		c.OnChannel = ChannelFunc(func(_ *Peer, _ string, c *Channel) { taken <- c })
	}
}

// channels makes a channel from a, which is polite, to b.
func (w *world) channels(init *webrtc.DataChannelInit) (a, b *member, ac, bc *Channel) {
	w.t.Helper()
	taken := make(chan *Channel, 1)
	a, b = w.connected(taking(taken))
	ac, err := a.peer.Open(w.t.Context(), "b", "file", init)
	if err != nil {
		w.t.Fatalf("%v\n%s", err, a.log())
	}
	return a, b, ac, <-taken
}

func receive(t *testing.T, c *Channel) string {
	t.Helper()
	m, err := c.Receive(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s, text %t", m, m.Text)
}

// Messages arrive as they were sent, both ways, and then the end.
func TestChannel(t *testing.T) {
	for name, init := range map[string]*webrtc.DataChannelInit{
		"":                  nil,
		"unordered":         {Ordered: new(false)},
		"retransmitted":     {MaxRetransmits: new(uint16(3))},
		"alive for a while": {MaxPacketLifeTime: new(uint16(500)), Ordered: new(false)},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				_, _, ac, bc := w.channels(init)
				if ac.Label() != "file" || bc.Label() != "file" || ac.Peer() != "b" || bc.Peer() != "a" {
					t.Errorf("%s to %s, %s to %s", ac.Label(), ac.Peer(), bc.Label(), bc.Peer())
				}
				if lossy := init != nil && (init.MaxRetransmits != nil || init.MaxPacketLifeTime != nil); bc.lossy != lossy || bc.ordered != ac.ordered {
					t.Errorf("lossy %t, ordered %t", bc.lossy, bc.ordered)
				}
				for _, way := range []struct{ from, to *Channel }{{ac, bc}, {bc, ac}} {
					for _, text := range []string{"", "bytes \x00\xff", strings.Repeat("long", 10_000)} {
						if err := way.from.Send(t.Context(), []byte(text)); err != nil {
							t.Fatal(err)
						}
						if got := receive(t, way.to); got != text+", text false" {
							t.Errorf("%.50q, not %.50q", got, text)
						}
					}
					if err := way.from.SendText(t.Context(), "grüß"); err != nil {
						t.Fatal(err)
					}
					if got := receive(t, way.to); got != "grüß, text true" {
						t.Errorf("%q", got)
					}
				}
				if err := ac.Send(t.Context(), []byte("last")); err != nil {
					t.Fatal(err)
				}
				if err := ac.Close(); err != nil {
					t.Error(err)
				}
				if _, err := ac.Receive(t.Context()); !errors.Is(err, ErrClosed) {
					t.Errorf("after Close: %v", err)
				}
				if err := ac.Send(t.Context(), nil); !errors.Is(err, ErrClosed) {
					t.Errorf("after Close: %v", err)
				}
				if got := receive(t, bc); got != "last, text false" {
					t.Errorf("%q", got)
				}
				if _, err := bc.Receive(t.Context()); err != io.EOF {
					t.Errorf("at the end: %v", err)
				}
				if err := bc.Send(t.Context(), nil); !errors.Is(err, io.ErrClosedPipe) {
					t.Errorf("after the end: %v", err)
				}
			})
		})
	}
}

// The sender waits while 1 MB is not received, and so does nobody else.
func TestChannelWaits(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b, ac, bc := w.channels(nil)
		message := make([]byte, 10_000)
		sent := 0
		fill := func() {
			t.Helper()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			err := error(nil)
			for ; err == nil; sent++ {
				err = ac.Send(ctx, message)
			}
			sent--
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Fatal(err)
			}
		}
		fill()
		if cost := uint64(sent) * costOf(len(message)); cost > window || cost < window-2*costOf(len(message)) {
			t.Errorf("%d messages wait", sent)
		}
		w.talk(a, b)
		for range sent {
			receive(t, bc)
		}
		sent = 0
		fill()
		if cost := uint64(sent) * costOf(len(message)); cost > window || cost < window/2 {
			t.Errorf("%d messages wait after others were received", sent)
		}
	})
}

// A message that the other side does not take is not sent, and nothing breaks.
func TestChannelTooLarge(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		_, _, ac, bc := w.channels(nil)
		if err := ac.Send(t.Context(), make([]byte, maxMessage+1)); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%v", err)
		}
		large := bytes.Repeat([]byte("x"), maxMessage)
		if err := ac.Send(t.Context(), large); err != nil {
			t.Fatal(err)
		}
		if m, err := bc.Receive(t.Context()); err != nil || !bytes.Equal(m.Data, large) {
			t.Errorf("%d bytes, %v", len(m.Data), err)
		}
		ac.sending <- struct{}{}
		ac.most = 1000 // of another stack
		<-ac.sending
		if err := ac.Send(t.Context(), make([]byte, 1001)); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%v", err)
		}
	})
}

// A new connection ends a channel, after what has arrived.
func TestChannelReplaced(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b, ac, bc := w.channels(nil)
		if err := ac.Send(t.Context(), []byte("arrived")); err != nil {
			t.Fatal(err)
		}
		b.await("it has arrived", func() bool { bc.mu.Lock(); defer bc.mu.Unlock(); return bc.unread > 0 })
		waiting := make(chan error)
		go func() {
			_, err := ac.Receive(t.Context())
			waiting <- err
		}()
		synctest.Wait()
		a.peer.enqueue(func() { a.peer.remotes["b"].renew(trace.Wedged) })
		if err := <-waiting; !errors.Is(err, ErrReplaced) {
			t.Errorf("a receives %v", err)
		}
		if err := ac.Send(t.Context(), nil); !errors.Is(err, ErrReplaced) {
			t.Errorf("a sends %v", err)
		}
		b.await("it is paired again", func() bool { return b.count(trace.Paired) == 2 })
		if got := receive(t, bc); got != "arrived, text false" {
			t.Errorf("%q", got)
		}
		if _, err := bc.Receive(t.Context()); !errors.Is(err, ErrReplaced) {
			t.Errorf("b receives %v", err)
		}
		if err := bc.Send(t.Context(), nil); !errors.Is(err, ErrReplaced) {
			t.Errorf("b sends %v", err)
		}
	})
}

// A channel goes on over another network path, and while the relay is gone. The end of
// the Peer ends it.
func TestChannelSurvives(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, _, ac, bc := w.channels(nil)
		w.noRelay()
		w.down.Store(true)
		if err := ac.Send(t.Context(), []byte("waits")); err != nil {
			t.Fatal(err)
		}
		a.await("it is disconnected", func() bool { return len(a.codes(trace.ConnectionState)) > 1 })
		w.down.Store(false)
		if got := receive(t, bc); got != "waits, text false" {
			t.Errorf("%q", got)
		}
		a.peer.Close()
		if _, err := ac.Receive(t.Context()); !errors.Is(err, ErrClosed) {
			t.Errorf("%v", err)
		}
	})
}

// Who cannot be reached, or takes no channels, says so.
func TestOpenFails(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.connected()
		for _, row := range []struct {
			to   string
			init *webrtc.DataChannelInit
			want error
		}{
			{"nobody", nil, ErrNobody},
			{"b", nil, ErrRefused},
			{"b", &webrtc.DataChannelInit{ID: new(uint16(3))}, errOptions},
		} {
			if _, err := a.peer.Open(t.Context(), row.to, "file", row.init); !errors.Is(err, row.want) {
				t.Errorf("%v, not %v", err, row.want)
			}
		}
		if codes := b.codes(trace.MessageRefused); len(codes) != 1 {
			t.Errorf("it is told %q", codes)
		}
		w.down.Store(true)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := a.peer.Open(ctx, "b", "file", nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		w.down.Store(false)
		w.talk(a, b)
	})
}

// A channel ends when the other side breaks the rules, or its data channel breaks.
func TestChannelBreaks(t *testing.T) {
	for name, breaks := range map[string]func(c *Channel) error{
		"more than the credit": func(c *Channel) error {
			for n := 0; n < window; n += 10_000 {
				if err := c.dc.Send(make([]byte, 10_001)); err != nil {
					return err
				}
			}
			return nil
		},
		"no such kind":   func(c *Channel) error { return c.dc.Send([]byte{77}) },
		"endless credit": func(c *Channel) error { return c.dc.Send(total(kindCredit, 1<<50)) },
		"no end":         func(c *Channel) error { return c.dc.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				a, b, ac, bc := w.channels(nil)
				if err := breaks(ac); err != nil {
					t.Fatal(err)
				}
				for err := error(nil); !errors.Is(err, io.ErrUnexpectedEOF); _, err = bc.Receive(t.Context()) {
					if err != nil {
						t.Fatal(err)
					}
				}
				w.talk(a, b)
			})
		})
	}
}
