package peer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/trace"
)

// Errors of a [Channel]. Its methods also return [ErrClosed] when it or the Peer was
// closed, and [io.ErrUnexpectedEOF] if the channel broke.
var (
	// ErrReplaced says that the PeerConnection is gone. What was sent last may be lost,
	// and the channel does not go on: if there is a new connection, OnConnect is called,
	// and another channel may be opened.
	ErrReplaced = errors.New("peer: the connection of this channel is gone")
	// ErrRefused says that the other side does not take the channel.
	ErrRefused = errors.New("peer: the other side does not take this channel")
	// ErrTooLarge says that a message is larger than the other side takes, or than
	// 512 KB.
	ErrTooLarge = errors.New("peer: the message is too large for the other side")
)

// Channel is a data channel between two peers, for messages of bytes or text, or for a
// stream of bytes, see package netconn. It goes on through whatever its connection
// survives: the relay may be gone, the network may change, ICE may be restarted. All its
// methods may be called at any time from any goroutine.
type Channel struct {
	pairing *pairing
	label   string
	own     bool   // opened here
	hand    func() // hands it over to the application, unless it is our own
	credit  bool
	lossy   bool
	ordered bool

	sending   chan struct{} // capacity 1: held by the goroutine that sends
	frame     []byte        // owned by it
	most      int           // bytes per message, likewise; 0: not known yet
	receiving chan struct{} // capacity 1: held by the goroutine that receives

	granted chan struct{} // capacity 1: there is more credit
	arrived chan struct{} // capacity 1: a message has come
	ready   chan struct{} // closed when messages can be sent
	ended   chan struct{} // closed when err is set

	mu       sync.Mutex
	dc       *webrtc.DataChannel // guarded by mu; nil: not created yet
	isReady  bool                // guarded by mu; ready is closed
	accepted bool                // guarded by mu; the Peer has taken the channel
	out      outgoing            // guarded by mu
	in       incoming            // guarded by mu
	unread   uint64              // guarded by mu; cost of the messages in in
	err      error               // guarded by mu; io.EOF: the other side has ended

	// Owned by the Peer's goroutine.
	told bool  // the trace says that it is open
	lost timer // set: it was closed without an end, or ended and not closed
}

func newChannel(p *pairing, label string, o *webrtc.DataChannelInit, credit, own bool) *Channel {
	return &Channel{
		pairing: p, label: label, own: own, credit: credit,
		lossy:     o.MaxRetransmits != nil || o.MaxPacketLifeTime != nil,
		ordered:   o.Ordered == nil || *o.Ordered,
		sending:   make(chan struct{}, 1),
		receiving: make(chan struct{}, 1),
		granted:   make(chan struct{}, 1),
		arrived:   make(chan struct{}, 1),
		ready:     make(chan struct{}),
		ended:     make(chan struct{}),
	}
}

// Label returns the name that the opener gave the channel.
func (c *Channel) Label() string { return c.label }

// Ordered reports whether messages arrive in the order in which they were sent.
func (c *Channel) Ordered() bool { return c.ordered }

// Reliable reports whether all messages arrive.
func (c *Channel) Reliable() bool { return !c.lossy }

// Self returns the id of this side.
func (c *Channel) Self() string { return c.pairing.remote.peer.ID() }

// Peer returns the id of the other side.
func (c *Channel) Peer() string { return c.pairing.remote.id }

// Send sends a message of bytes. If the other side has 1 MB to receive, it waits until
// ctx ends. That it returns nil does not mean that the message has arrived.
func (c *Channel) Send(ctx context.Context, data []byte) error {
	return c.send(ctx, Message{Data: data})
}

// SendText sends a message of text like Send. A browser replaces invalid UTF-8.
func (c *Channel) SendText(ctx context.Context, text string) error {
	return c.send(ctx, Message{Data: []byte(text), Text: true})
}

func (c *Channel) send(ctx context.Context, m Message) error {
	if err := c.turn(ctx, c.sending); err != nil {
		return err
	}
	defer func() { <-c.sending }()
	if len(m.Data) > maxMessage {
		return ErrTooLarge
	}
	cost := costOf(len(m.Data))
	if err := c.room(ctx, cost); err != nil {
		return err
	}
	dc := c.channel()
	if c.most == 0 {
		c.most = min(maxMessage, remoteMaxMessage(c.pairing.pc)-1)
	}
	if len(m.Data) > c.most {
		return ErrTooLarge
	}
	var err error
	switch {
	case m.Text:
		err = dc.SendText(string(m.Data))
	case c.credit:
		c.frame = append(append(c.frame[:0], kindData), m.Data...)
		err = dc.Send(c.frame)
	default:
		err = dc.Send(m.Data)
	}
	if err != nil { // it is closing: the end says why
		return c.turn(ctx, nil)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out.sent += cost
	return nil
}

// turn waits until it can put something into the queue.
func (c *Channel) turn(ctx context.Context, queue chan<- struct{}) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	select {
	case queue <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-c.ended:
		err := c.failure()
		if err == io.EOF {
			err = io.ErrClosedPipe // the other side receives no more
		}
		return err
	}
}

// room waits until a message of this cost may be sent.
func (c *Channel) room(ctx context.Context, cost uint64) error {
	for {
		c.mu.Lock()
		err, sendable := c.err, c.isReady && (!c.credit || c.out.sent+cost <= c.out.allowed)
		c.mu.Unlock()
		if err == nil && sendable && !c.credit {
			sendable = c.drained()
		}
		if err == nil && sendable {
			return nil
		}
		select {
		case <-c.granted:
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-c.ended:
			return c.turn(ctx, nil)
		}
	}
}

// drained reports whether little is buffered, or has granted told when it is.
func (c *Channel) drained() bool {
	dc := c.channel()
	if dc.BufferedAmount() <= maxBuffered {
		return true
	}
	dc.SetBufferedAmountLowThreshold(maxBuffered / 2)
	dc.OnBufferedAmountLow(func() { wake(c.granted) })
	return dc.BufferedAmount() <= maxBuffered/2
}

func wake(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Receive waits for the next message, until ctx ends. It returns [io.EOF] when the other
// side has closed the channel and all its messages were received.
func (c *Channel) Receive(ctx context.Context) (Message, error) {
	select {
	case c.receiving <- struct{}{}:
	case <-ctx.Done():
		return Message{}, context.Cause(ctx)
	}
	defer func() { <-c.receiving }()
	return c.receive(ctx)
}

// receive is called by the goroutine that holds receiving.
func (c *Channel) receive(ctx context.Context) (Message, error) {
	for {
		if ctx.Err() != nil {
			return Message{}, context.Cause(ctx)
		}
		m, ok, err := c.take()
		if ok || err != nil {
			return m, err
		}
		select {
		case <-c.arrived:
		case <-c.ended:
		case <-ctx.Done():
		}
	}
}

// take takes a message, and grants new credit for it if that is due.
func (c *Channel) take() (m Message, ok bool, err error) {
	c.mu.Lock()
	m, ok = c.in.take()
	if !ok {
		defer c.mu.Unlock()
		return m, false, c.err
	}
	cost := costOf(len(m.Data))
	c.unread -= cost
	dc := c.dc
	credit, due := uint64(0), false
	if c.credit && c.err == nil && !c.in.ended {
		credit, due = c.in.grant(c.unread)
	}
	c.mu.Unlock()
	if due {
		_ = dc.Send(total(kindCredit, credit)) // if it is closing, that will be told
	}
	if !c.credit {
		c.pairing.unread.Release(int64(cost))
	}
	return m, true, nil
}

// Close ends the channel in both directions. What was sent before will be received; what
// the other side sends is not. It does not wait: if the Peer is closed soon after, what
// is still on its way is lost.
func (c *Channel) Close() error {
	first := c.end(ErrClosed)
	c.mu.Lock()
	c.err = ErrClosed
	if !c.credit {
		c.pairing.unread.Release(int64(c.unread))
	}
	c.in, c.unread = incoming{}, 0
	c.mu.Unlock()
	if !first {
		return nil
	}
	c.sending <- struct{}{} // whoever sends has sent, or finds that it has ended
	defer func() { <-c.sending }()
	c.mu.Lock()
	dc, ready, sent := c.dc, c.isReady, c.out.sent
	c.mu.Unlock()
	switch {
	case dc == nil:
	case c.credit && ready && dc.Send(total(kindEnd, sent)) == nil:
		// The other side closes it when all has come.
		peer := c.pairing.remote.peer
		peer.enqueue(func() { c.lost.set(peer, drainTimeout, func() { _ = dc.Close() }) })
	default:
		_ = dc.Close()
	}
	return nil
}

// end ends the channel, unless it has ended.
func (c *Channel) end(why error) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return false
	}
	c.err = why
	close(c.ended)
	return true
}

// failure returns why the channel has ended.
func (c *Channel) failure() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

func (c *Channel) channel() *webrtc.DataChannel {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dc
}

// received handles a message of the other side.
func (c *Channel) received(data []byte, text bool) {
	err := c.accept(data, text)
	if err == nil && c.credit && !text && data[0] == kindCredit {
		c.begin()
	}
	if err == nil || !c.end(fmt.Errorf("%w: %w", io.ErrUnexpectedEOF, err)) {
		return
	}
	_ = c.channel().Close()
	r := c.pairing.remote
	r.peer.enqueue(func() {
		if r.pairing == c.pairing {
			r.tell(trace.Event{Kind: trace.MessageRefused, Code: trace.TooFast, Err: err, Detail: err.Error()})
		}
	})
}

func (c *Channel) accept(data []byte, text bool) error {
	if !c.credit {
		return c.acceptPlain(Message{Data: data, Text: text})
	}
	kind, content, n := byte(kindData), data, uint64(0)
	if !text {
		var err error
		if kind, content, n, err = parseFrame(data); err != nil {
			return err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil { // it was closed here
		if kind == kindEnd {
			_ = c.dc.Close() // and there
		}
		return nil
	}
	var err error
	switch kind {
	case kindCredit:
		if c.dc.BufferedAmount() > 4*window { // it has received what it grants credit for
			return errCredit
		}
		if err = c.out.allow(n); err == nil && !c.isReady {
			c.isReady = true
			close(c.ready)
		}
		wake(c.granted)
	case kindEnd:
		err = c.in.end(n)
	default:
		if err = c.in.charge(len(content)); err == nil {
			c.in.put(Message{Data: content, Text: text})
			c.unread += costOf(len(content))
			wake(c.arrived)
		}
	}
	if err == nil && c.in.over() {
		c.err = io.EOF
		close(c.ended)
		_ = c.dc.Close()
	}
	return err
}

// acceptPlain takes a message of a channel without credit. What a lossy one cannot take is
// lost. Otherwise the other side is slowed, or, where that is not possible, refused.
func (c *Channel) acceptPlain(m Message) error {
	cost := costOf(len(m.Data))
	if p := c.pairing; !c.lossy {
		if err := admit(p.ended, p.unread, int64(cost)); err != nil {
			return err
		}
	} else if !p.unread.TryAcquire(int64(cost)) {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		c.pairing.unread.Release(int64(cost))
		return nil
	}
	c.in.put(m)
	c.unread += cost
	wake(c.arrived)
	return nil
}
