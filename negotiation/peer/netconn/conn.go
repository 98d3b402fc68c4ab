// Package netconn makes a [net.Conn] of a [peer.Channel]. It is a package of its own because
// package net would make a page larger that needs none.
package netconn

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"time"

	"perfect-negotiation/negotiation/peer"
)

// chunk is how many bytes a message of a stream has at most: more would keep others waiting
// in a stack that does not interleave messages.
const chunk = 32 << 10

var errNoStream = errors.New("netconn: a channel that may lose or reorder messages is no stream")

// New returns the channel as a stream of bytes: what one side writes, the other reads in
// the same order, with [io.EOF] after the last byte. Reads and writes end with
// [peer.ErrReplaced] when the connection is replaced, so that no byte is missing unnoticed.
// Do not receive messages from the channel as well. New returns an error if the channel is
// not ordered and reliable. Its addresses are the ids of the peers.
func New(c *peer.Channel) (net.Conn, error) {
	if !c.Ordered() || !c.Reliable() {
		return nil, errNoStream
	}
	return &conn{channel: c, reading: make(chan struct{}, 1)}, nil
}

type conn struct {
	channel     *peer.Channel
	reading     chan struct{} // capacity 1: held by the goroutine that reads
	rest        []byte        // of the message that is being read; owned by it
	read, write deadline
}

func (c *conn) Read(b []byte) (int, error) {
	ctx := c.read.context()
	select {
	case c.reading <- struct{}{}:
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
	defer func() { <-c.reading }()
	for len(c.rest) == 0 {
		m, err := c.channel.Receive(ctx)
		if err != nil {
			return 0, failure(err)
		}
		c.rest = m.Data
	}
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	n := copy(b, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

func (c *conn) Write(b []byte) (n int, err error) {
	for n < len(b) && err == nil {
		part := b[n:min(len(b), n+chunk)]
		if err = c.channel.Send(c.write.context(), part); err == nil {
			n += len(part)
		}
	}
	return n, failure(err)
}

func (c *conn) Close() error { return c.channel.Close() }

// failure is the error of a net.Conn for that of a channel.
func failure(err error) error {
	if errors.Is(err, peer.ErrClosed) {
		return net.ErrClosed
	}
	return err
}

func (c *conn) LocalAddr() net.Addr  { return address(c.channel.Self()) }
func (c *conn) RemoteAddr() net.Addr { return address(c.channel.Peer()) }

func (c *conn) SetReadDeadline(t time.Time) error  { c.read.set(t); return nil }
func (c *conn) SetWriteDeadline(t time.Time) error { c.write.set(t); return nil }

func (c *conn) SetDeadline(t time.Time) error {
	c.read.set(t)
	c.write.set(t)
	return nil
}

// address is the id of a peer.
type address string

func (a address) Network() string { return "webrtc" }
func (a address) String() string  { return string(a) }

// deadline ends what waits at some time. The zero value is none.
type deadline struct {
	mu     sync.Mutex
	ctx    context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer // nil: not set
}

// context returns a context that ends at the deadline, also if that is moved meanwhile.
func (d *deadline) context() context.Context {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.begin()
	return d.ctx
}

// begin makes a context, unless there is one that has not ended.
func (d *deadline) begin() {
	if d.ctx == nil {
		d.ctx, d.cancel = context.WithCancelCause(context.Background())
	}
}

func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	if d.ctx != nil && d.ctx.Err() != nil {
		d.ctx = nil
	}
	d.begin()
	switch wait := time.Until(t); {
	case t.IsZero():
	case wait <= 0:
		d.cancel(os.ErrDeadlineExceeded)
	default:
		var this *time.Timer
		this = time.AfterFunc(wait, func() {
			d.mu.Lock()
			defer d.mu.Unlock()
			if d.timer == this {
				d.cancel(os.ErrDeadlineExceeded)
			}
		})
		d.timer = this
	}
}
