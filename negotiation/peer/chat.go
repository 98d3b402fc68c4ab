package peer

import (
	"errors"
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
)

const (
	maxBuffered  = 1 << 20 // bytes of chat on their way to one peer
	drainTimeout = 10 * time.Second
)

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
	for _, dc := range channels {
		if err = p.drain(dc, maxBuffered); err == nil {
			err = dc.SendText(text)
		}
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
	for _, dc := range p.channels("") {
		if p.drain(dc, 0) != nil {
			return
		}
	}
}

// channels returns the channel to the peer to, or to each, that has one open.
func (p *Peer) channels(to string) []*webrtc.DataChannel {
	result := make(chan []*webrtc.DataChannel, 1)
	p.enqueue(func() {
		var list []*webrtc.DataChannel
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

// drain waits until at most limit bytes are on their way.
func (p *Peer) drain(dc *webrtc.DataChannel, limit uint64) error {
	if dc.BufferedAmount() <= limit {
		return nil
	}
	low := make(chan struct{}, 1)
	dc.SetBufferedAmountLowThreshold(limit)
	dc.OnBufferedAmountLow(func() {
		select {
		case low <- struct{}{}:
		default:
		}
	})
	if dc.BufferedAmount() <= limit {
		return nil
	}
	select {
	case <-low:
		return nil
	case <-time.After(drainTimeout):
		return errors.New("the other side takes no more")
	case <-p.done:
		return ErrClosed
	}
}

func (p *Peer) traceChat(kind negotiation.Kind, id, text string) {
	p.config.Trace(p.event(kind, id, text))
}
