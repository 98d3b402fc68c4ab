//go:build !js

package transporttest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/local"
	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/server/relay"
)

// inRoom enters a new room in memory.
func inRoom() signaling.Dialer {
	var r local.Room
	return func(ctx context.Context, o signaling.Options, h signaling.Handler) (signaling.Transport, error) {
		id := sha256.Sum256([]byte(o.Key))
		return r.Dialer(hex.EncodeToString(id[:10]))(ctx, o, h)
	}
}

func TestLocal(t *testing.T) {
	t.Parallel()
	if err := TestTransport(inRoom); err != nil {
		t.Error(err)
	}
}

func TestRelay(t *testing.T) {
	t.Parallel()
	r := relay.New(relay.Config{})
	server := httptest.NewServer(r)
	defer server.Close()
	defer func() { _ = r.Shutdown(context.Background()) }()
	err := TestTransport(func() signaling.Dialer {
		return func(ctx context.Context, o signaling.Options, h signaling.Handler) (signaling.Transport, error) {
			o.Server = server.URL
			return signaling.Relay(ctx, o, h)
		}
	})
	if err != nil {
		t.Error(err)
	}
}

// broken is a transport with something wrong.
type broken struct {
	signaling.Transport
	send  func(signaling.Transport, signaling.Envelope) error
	close func(signaling.Transport)
}

func (b *broken) Send(e signaling.Envelope) error {
	if b.send == nil {
		return b.Transport.Send(e)
	}
	return b.send(b.Transport, e)
}

func (b *broken) Close() {
	if b.close == nil {
		b.Transport.Close()
	} else {
		b.close(b.Transport)
	}
}

// Each broken transport is found out.
func TestBroken(t *testing.T) {
	t.Parallel()
	var count atomic.Int64
	var all sync.WaitGroup // they only wait
	defer all.Wait()
	for name, row := range map[string]struct {
		check func(*room) error
		spoil func(b *broken, o *signaling.Options, h *signaling.Handler)
		want  string
	}{
		"it loses every other message in silence": {loses, func(b *broken, _ *signaling.Options, _ *signaling.Handler) {
			b.send = func(t signaling.Transport, e signaling.Envelope) error {
				if count.Add(1)%2 == 0 {
					return nil
				}
				return t.Send(e)
			}
		}, "have arrived"},
		"it loses large messages in silence": {arrives, func(b *broken, _ *signaling.Options, _ *signaling.Handler) {
			b.send = func(t signaling.Transport, e signaling.Envelope) error {
				if frame, _ := e.MarshalJSON(); len(frame) > 10_000 {
					return nil
				}
				return t.Send(e)
			}
		}, "has not arrived"},
		"it loses what is sent after the end in silence": {ends, func(b *broken, _ *signaling.Options, _ *signaling.Handler) {
			b.send = func(t signaling.Transport, e signaling.Envelope) error { _ = t.Send(e); return nil }
		}, "lost in silence"},
		"it believes the sender's name": {arrives, func(_ *broken, _ *signaling.Options, h *signaling.Handler) {
			received := h.Received
			h.Received = func(e signaling.Envelope) {
				if e.PeerSession != "" && e.Session == "session0" {
					e.From = "somebody else"
				}
				received(e)
			}
		}, "as its sender pretends"},
		"it changes messages": {arrives, func(_ *broken, _ *signaling.Options, h *signaling.Handler) {
			received := h.Received
			h.Received = func(e signaling.Envelope) {
				if e.Message != nil && e.Message.Description != nil {
					e.Message.Description.SDP = strings.ReplaceAll(e.Message.Description.SDP, "\r\n", "\n")
				}
				received(e)
			}
		}, "comes as"},
		"it says all to all": {arrives, func(b *broken, _ *signaling.Options, _ *signaling.Handler) {
			b.send = func(t signaling.Transport, e signaling.Envelope) error { e.To = ""; return t.Send(e) }
		}, "heard by another"},
		"it forgets who is there": {presence, func(_ *broken, _ *signaling.Options, h *signaling.Handler) {
			received := h.Received
			h.Received = func(e signaling.Envelope) {
				if e.Welcome != nil {
					e.Welcome.Peers = nil
				}
				received(e)
			}
		}, "who else is there has not come"},
		"it forgets who goes": {presence, func(_ *broken, _ *signaling.Options, h *signaling.Handler) {
			received := h.Received
			h.Received = func(e signaling.Envelope) {
				if e.Left == nil {
					received(e)
				}
			}
		}, "Left has not come"},
		"Welcome does not come first": {presence, func(_ *broken, _ *signaling.Options, h *signaling.Handler) {
			received := h.Received
			h.Received = func(e signaling.Envelope) {
				if e.Welcome != nil {
					received(signaling.Envelope{Joined: &wire.Member{ID: "early", Rank: new(1)}})
				}
				received(e)
			}
		}, "the first envelope is no Welcome"},
		"Connected comes late": {presence, func(_ *broken, _ *signaling.Options, h *signaling.Handler) {
			connected, received := h.Connected, h.Received
			h.Connected = func() {}
			h.Received = func(e signaling.Envelope) {
				received(e)
				if e.Welcome != nil {
					connected()
				}
			}
		}, "before Connected"},
		"its calls overlap": {presence, func(_ *broken, _ *signaling.Options, h *signaling.Handler) {
			received := h.Received
			var calls sync.WaitGroup
			h.Received = func(e signaling.Envelope) {
				if e.Joined != nil {
					calls.Go(func() { received(e) })
					received(e)
					return
				}
				received(e)
			}
		}, "overlap"},
		"Send waits": {blocks, func(b *broken, _ *signaling.Options, _ *signaling.Handler) {
			b.send = func(t signaling.Transport, e signaling.Envelope) error {
				for range 1000 {
					if err := t.Send(e); err == nil {
						return nil
					}
					time.Sleep(time.Millisecond)
				}
				return signaling.ErrSlow
			}
		}, "Send waits"},
		"it takes any options": {refusesOptions, func(_ *broken, o *signaling.Options, _ *signaling.Handler) {
			if o.Room == "" {
				o.Room = "default"
			}
		}, "without a name"},
		"the id is new each time": {identity, func(_ *broken, o *signaling.Options, _ *signaling.Handler) { o.Key = signaling.NewKey() }, "has another id"},
		"it leaves goroutines behind": {presence, func(b *broken, _ *signaling.Options, _ *signaling.Handler) {
			b.close = func(t signaling.Transport) {
				t.Close()
				go func() { time.Sleep(2 * endsWithin) }()
			}
		}, "goroutines are left"},
		"it does not end": {ends, func(b *broken, _ *signaling.Options, _ *signaling.Handler) {
			b.close = func(signaling.Transport) {}
		}, "Done is not closed"},
	} {
		all.Go(func() {
			dial := inRoom()
			err := run(row.check, func(ctx context.Context, o signaling.Options, h signaling.Handler) (signaling.Transport, error) {
				b := &broken{}
				row.spoil(b, &o, &h)
				var err error
				b.Transport, err = dial(ctx, o, h)
				return b, err
			})
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("%s: it is not found out: %v", name, err)
			}
		})
	}
}
