package peer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/trace"
)

const (
	maxBuffered  = 1 << 20 // bytes of chat buffered for one peer
	maxUnread    = 1 << 20 // bytes of unread chat from one peer
	messageCost  = 256     // bytes; overhead of one message
	drainTimeout = 10 * time.Second
)

var errSlow = errors.New("the other side takes no more")

// chatChannel is a data channel of a pairing that carries chat.
type chatChannel struct {
	*webrtc.DataChannel
	peer    string // its id
	open    bool
	opened  func()        // handles the opening
	refused bool          // beyond maxChannels
	turn    chan struct{} // capacity 1: held by the one goroutine that waits for the buffer
	slow    bool          // a wait for it timed out; owned by the holder of the turn
}

// Say sends a line of chat to the peer with the id to, or to all connected peers if
// to is empty. Invalid UTF-8 becomes U+FFFD, because browsers drop messages that
// contain any. If more than 1 MB is buffered for a peer, Say waits up to 10 seconds
// for it, and then no more until that peer reads again; lines to other peers do not
// wait. The trace names the peers that do not get the line. Say returns [ErrNobody]
// if no data channel is open, and an error if no peer gets the line. It must not be
// called from Config.Trace.
func (p *Peer) Say(to, text string) error {
	text = strings.ToValidUTF8(text, "\ufffd")
	channels := p.channels(to)
	if channels == nil {
		p.enqueue(func() {
			p.tell(trace.Event{Kind: trace.ChatNotSent, Code: trace.Nobody, Err: ErrNobody, Detail: ErrNobody.Error()})
		})
		return ErrNobody
	}
	sent := false
	var failure error
	p.drain(channels, maxBuffered, func(c *chatChannel, err error) {
		if err == nil {
			err = c.SendText(text)
		}
		if err == nil {
			sent = true
			return
		}
		failure = err
		p.enqueue(func() {
			p.tell(trace.Event{Kind: trace.ChatNotSent, Peer: c.peer, Code: trace.NotSent, Err: err, Detail: err.Error()})
		})
	})
	if !sent {
		return failure
	}
	p.enqueue(func() { p.traceChat(trace.ChatSent, to, text) })
	return nil
}

// Flush waits until all chat sent so far has reached the other side, 10 seconds
// at most.
func (p *Peer) Flush() { p.drain(p.channels(""), 0, func(*chatChannel, error) {}) }

// channels returns the open channel to the peer to, or those to all peers if to is
// empty.
func (p *Peer) channels(to string) []*chatChannel {
	result := make(chan []*chatChannel, 1)
	p.enqueue(func() {
		var list []*chatChannel
		for _, r := range p.remotes {
			if to != "" && r.id != to {
				continue
			}
			if r.pairing != nil && r.pairing.chat() != nil {
				list = append(list, r.pairing.chat())
			}
		}
		result <- list
	})
	select {
	case list := <-result:
		return list
	case <-p.done:
		return nil
	}
}

// drain calls f for each channel once at most limit bytes are buffered there, or with
// an error if that takes too long. Channels that need no wait come first.
func (p *Peer) drain(channels []*chatChannel, limit uint64, f func(*chatChannel, error)) {
	var full []*chatChannel
	for _, c := range channels {
		select {
		case c.turn <- struct{}{}:
			if c.BufferedAmount() > limit {
				full = append(full, c)
			} else {
				c.slow = false
				f(c, nil)
			}
			<-c.turn
		default:
			full = append(full, c)
		}
	}
	if full == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), drainTimeout)
	defer cancel()
	for _, c := range full {
		select {
		case c.turn <- struct{}{}:
			f(c, p.drained(ctx, c, limit))
			<-c.turn
		case <-ctx.Done():
			f(c, errSlow)
		case <-p.done:
			f(c, ErrClosed)
		}
	}
}

// drained waits until at most limit bytes are buffered. The caller must hold the
// turn.
func (p *Peer) drained(ctx context.Context, c *chatChannel, limit uint64) error {
	low := make(chan struct{}, 1)
	c.SetBufferedAmountLowThreshold(limit)
	c.OnBufferedAmountLow(func() {
		select {
		case low <- struct{}{}:
		default:
		}
	})
	switch {
	case c.BufferedAmount() <= limit:
		c.slow = false
		return nil
	case c.slow:
		return errSlow
	}
	select {
	case <-low:
		return nil
	case <-ctx.Done():
		c.slow = true
		return errSlow
	case <-p.done:
		return ErrClosed
	}
}

// hear returns the handler of a channel's messages.
func (p *pairing) hear(c *chatChannel) func(data []byte, text bool) {
	peer, refused := p.remote.peer, false
	return func(data []byte, text bool) {
		if refused {
			return
		}
		n := min(int64(len(data))+messageCost, maxUnread)
		if err := admit(p.ended, p.unread, n); err != nil {
			refused = true
			peer.enqueue(func() {
				if p.remote.pairing == p {
					p.remote.tell(trace.Event{Kind: trace.MessageRefused, Code: trace.TooFast, Err: err, Detail: err.Error()})
				}
				_ = c.Close()
			})
			return
		}
		peer.enqueue(func() {
			if c.refused {
				p.unread.Release(n)
				return
			}
			if !c.open { // pion reports a message in some cases before it reports the opening
				c.opened()
			}
			line := string(data)
			if !text {
				line = fmt.Sprintf("(%d bytes of binary data)", len(data))
			}
			peer.traceChat(trace.ChatReceived, p.remote.id, line)
			p.messageReceived(Message{Data: data, Text: text}, func() { p.unread.Release(n) })
		})
	}
}

func (p *Peer) traceChat(kind trace.Kind, id, text string) {
	p.tell(trace.Event{Kind: kind, Peer: id, Detail: text})
}
