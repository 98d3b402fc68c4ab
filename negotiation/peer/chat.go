package peer

import (
	"errors"
	"fmt"
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
)

const (
	maxBuffered  = 1 << 20 // bytes of chat on their way to one peer
	maxUnread    = 1 << 20 // bytes of chat of one peer that nobody has read
	messageCost  = 256     // of one message besides its bytes, in bytes
	drainTimeout = 10 * time.Second
)

var errSlow = errors.New("the other side takes no more")

// channel is a data channel of a pairing.
type channel struct {
	*webrtc.DataChannel
	open bool
	turn chan struct{} // capacity 1: taken by who waits for its buffer, of which there can be one
}

// Say sends a line of chat to the peer with the id to, or to everybody who is
// connected if that is empty. It waits while much of what was said before is still
// on its way. It returns [ErrNobody] if no data channel is open.
func (p *Peer) Say(to, text string) error {
	channels := p.channels(to)
	if channels == nil {
		p.enqueue(func() { p.trace(ChatNotSent, ErrNobody.Error()) })
		return ErrNobody
	}
	var err error
	sent := false
	for _, c := range channels {
		err = p.drained(c, maxBuffered, func() error { return c.SendText(text) })
		sent = sent || err == nil
	}
	if !sent {
		p.enqueue(func() { p.trace(ChatNotSent, err.Error()) })
		return err
	}
	p.enqueue(func() { p.traceChat(ChatSent, to, text) })
	return nil
}

// Flush waits until all that was said is at the other side.
func (p *Peer) Flush() {
	for _, c := range p.channels("") {
		if p.drained(c, 0, func() error { return nil }) != nil {
			return
		}
	}
}

// channels returns the channel to the peer to, or to each, that has one open.
func (p *Peer) channels(to string) []*channel {
	result := make(chan []*channel, 1)
	p.enqueue(func() {
		var list []*channel
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

// drained calls f when at most limit bytes are on their way, and nobody else's f
// is called then.
func (p *Peer) drained(c *channel, limit uint64, f func() error) error {
	timeout := time.After(drainTimeout)
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-timeout:
		return errSlow
	case <-p.done:
		return ErrClosed
	}
	if c.BufferedAmount() <= limit {
		return f()
	}
	low := make(chan struct{}, 1)
	c.SetBufferedAmountLowThreshold(limit)
	c.OnBufferedAmountLow(func() {
		select {
		case low <- struct{}{}:
		default:
		}
	})
	if c.BufferedAmount() <= limit {
		return f()
	}
	select {
	case <-low:
		return f()
	case <-timeout:
		return errSlow
	case <-p.done:
		return ErrClosed
	}
}

// hear returns what handles the messages of a channel.
func (p *pairing) hear(c *channel) func(data []byte, text bool) {
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
					p.remote.trace(MessageRefused, err.Error())
				}
				_ = c.Close()
			})
			return
		}
		line := string(data)
		if !text {
			line = fmt.Sprintf("(%d bytes of binary data)", len(data))
		}
		peer.enqueue(func() {
			peer.traceChat(ChatReceived, p.remote.id, line)
			p.unread.Release(n)
		})
	}
}

func (p *Peer) traceChat(kind negotiation.Kind, id, text string) {
	p.config.Trace(p.event(kind, id, text))
}
