package nats

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/identity"
	"perfect-negotiation/negotiation/signaling/wire"
)

const (
	aliveEvery = 2 * time.Second // a sign of life
	goneAfter  = 7 * time.Second // without one
	maxOthers  = 1000            // in a room
)

// Dial implements [signaling.Dialer]: Server in the options is the URL of a NATS server.
func Dial(ctx context.Context, o signaling.Options, handler signaling.Handler) (signaling.Transport, error) {
	if err := o.Validate(); err != nil {
		return nil, fmt.Errorf("nats: %w", err)
	}
	if o.Key == "" {
		o.Key = signaling.NewKey()
	}
	c := &client{
		room:     o.Room,
		self:     wire.Member{ID: identity.Of(o.Key), Role: o.Role, Rank: o.Rank},
		inbox:    signaling.NewInbox(handler),
		messages: make(chan *nats.Msg, 1000),
		done:     make(chan struct{}),
	}
	ctx, c.cancel = context.WithCancel(ctx)
	go c.run(ctx, o.Server, o.Key)
	return c, nil
}

// client is a [signaling.Transport]. One goroutine owns who is there.
type client struct {
	room     string
	self     wire.Member
	inbox    *signaling.Inbox
	messages chan *nats.Msg
	cancel   context.CancelFunc
	done     chan struct{}

	mu sync.Mutex
	nc *nats.Conn // guarded by mu; nil: it is not connected yet, or no more

	others map[string]*other // owned by the goroutine
}

// other is another member of the room.
type other struct {
	wire.Member
	heard time.Time
}

// Send implements [signaling.Transport].
func (c *client) Send(e signaling.Envelope) error {
	frame, err := e.MarshalJSON()
	switch {
	case err != nil:
		return fmt.Errorf("nats: %w", err)
	case len(frame) > wire.MaxFrame:
		return signaling.ErrTooLarge
	case !valid(e.To):
		return errors.New("nats: an envelope must name its addressee")
	}
	nc := c.connection()
	if nc == nil || !nc.IsConnected() {
		return signaling.ErrNotConnected
	}
	return nc.Publish(subject(c.room, "to", e.To, c.self.ID), frame)
}

// Check implements [signaling.Transport]: it connects anew.
func (c *client) Check() {
	if nc := c.connection(); nc != nil && !nc.IsConnected() {
		_ = nc.ForceReconnect()
	}
}

// Close implements [signaling.Transport].
func (c *client) Close() { c.cancel() }

// Done implements [signaling.Transport].
func (c *client) Done() <-chan struct{} { return c.done }

func (c *client) connection() *nats.Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.nc
}

func (c *client) use(nc *nats.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.nc = nc
}

func (c *client) run(ctx context.Context, server, key string) {
	defer close(c.done)
	defer c.cancel()
	changed := make(chan error, 16) // nil: connected
	closed := make(chan struct{})
	nc, err := nats.Connect(server, nats.UserInfo(c.self.ID, key), nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1), nats.ReconnectWait(time.Second),
		nats.ConnectHandler(func(*nats.Conn) { changed <- nil }),
		nats.ReconnectHandler(func(*nats.Conn) { changed <- nil }),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				changed <- err
			}
		}),
		nats.ClosedHandler(func(*nats.Conn) { close(closed) }))
	if err == nil {
		c.use(nc)
		err = c.subscribe(nc)
	}
	if err == nil {
		err = c.serve(ctx, nc, changed)
	}
	c.use(nil)
	if nc != nil {
		nc.Close()
		for ended := false; !ended; {
			select {
			case <-changed:
			case <-c.messages:
			case <-closed:
				ended = true
			}
		}
	}
	if err != nil {
		c.inbox.Disconnected(err, 0, true)
	} else {
		c.inbox.Close()
	}
	<-c.inbox.Done()
}

func (c *client) subscribe(nc *nats.Conn) error {
	for _, to := range []string{subject(c.room, "here", "*"), subject(c.room, "gone", "*"), subject(c.room, "to", c.self.ID, "*")} {
		if _, err := nc.ChanSubscribe(to, c.messages); err != nil {
			return err
		}
	}
	return nil
}

// serve hands on what comes, until ctx ends or the server refuses us for good.
func (c *client) serve(ctx context.Context, nc *nats.Conn, changed <-chan error) error {
	alive := time.NewTicker(aliveEvery)
	defer alive.Stop()
	for {
		select {
		case err := <-changed:
			switch {
			case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired):
				return &wire.Error{Code: wire.CodeForbidden, Message: err.Error()}
			case err != nil:
				c.inbox.Disconnected(err, time.Second, false)
			default:
				c.others = map[string]*other{}
				c.inbox.Connected()
				c.inbox.Received(signaling.Envelope{Welcome: &wire.Welcome{ID: c.self.ID, Room: c.room, Role: c.self.Role, Protocol: wire.Protocol}})
				c.announce(nc)
			}
		case m := <-c.messages:
			if c.others != nil {
				c.hear(m)
			}
		case <-alive.C:
			c.announce(nc)
			for id, o := range c.others {
				if time.Since(o.heard) > goneAfter {
					c.gone(id)
				}
			}
		case <-ctx.Done():
			_ = nc.Publish(subject(c.room, "gone", c.self.ID), nil)
			_ = nc.FlushTimeout(time.Second) // if it is lost, the others will notice
			return nil
		}
	}
}

// announce tells all that we are there.
func (c *client) announce(nc *nats.Conn) {
	text, err := json.Marshal(wire.Member{Role: c.self.Role, Rank: c.self.Rank})
	if err == nil && nc.IsConnected() {
		_ = nc.Publish(subject(c.room, "here", c.self.ID), text)
	}
}

// here is called when another member gives a sign of life.
func (c *client) here(m wire.Member) {
	o := c.others[m.ID]
	switch {
	case o != nil:
		o.heard = time.Now()
	case len(c.others) < maxOthers:
		c.others[m.ID] = &other{m, time.Now()}
		c.inbox.Received(signaling.Envelope{Joined: &m})
		if nc := c.connection(); nc != nil {
			c.announce(nc) // it does not know us
		}
	}
}

// gone is called when another member is not there any more.
func (c *client) gone(id string) {
	if c.others[id] != nil {
		delete(c.others, id)
		c.inbox.Received(signaling.Envelope{Left: &wire.Left{ID: id}})
	}
}
