package peer

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/trace"
)

var errOptions = errors.New("peer: of a channel, Protocol, Negotiated and ID cannot be chosen")

// Open opens a channel to the peer with this id, which gets it with OnChannel, and waits
// until messages can be sent or ctx ends. Several channels may have the same label. Of
// init, Ordered, MaxRetransmits and MaxPacketLifeTime may be set; nil: the channel is
// ordered and reliable. One that is not reliable loses messages as well if the other side
// does not receive them in time.
//
// Open returns [ErrNobody] if there is no connection with that peer, and [ErrRefused] if
// it takes no channels.
func (p *Peer) Open(ctx context.Context, id, label string, init *webrtc.DataChannelInit) (*Channel, error) {
	var o webrtc.DataChannelInit
	if init != nil {
		o = *init
	}
	if o.Protocol != nil || o.Negotiated != nil || o.ID != nil {
		return nil, errOptions
	}
	made := make(chan *Channel, 1)
	p.enqueue(func() {
		if r := p.remotes[id]; r != nil && r.pairing != nil {
			made <- r.pairing.openChannel(label, o)
		} else {
			made <- nil
		}
	})
	var c *Channel
	select {
	case c = <-made:
	case <-p.done:
		return nil, ErrClosed
	}
	if c == nil {
		return nil, ErrNobody
	}
	select {
	case <-c.ready:
		return c, nil
	case <-ctx.Done():
		_ = c.Close()
		return nil, context.Cause(ctx)
	case <-c.ended:
		return nil, c.failure()
	}
}

// openChannel creates a channel. A plain page knows nothing of credit.
func (p *pairing) openChannel(label string, o webrtc.DataChannelInit) *Channel {
	credit := !p.remote.plain && o.MaxRetransmits == nil && o.MaxPacketLifeTime == nil
	protocol := protocolPlain
	if credit {
		protocol = protocolCredit
	}
	o.Protocol = &protocol
	c := newChannel(p, label, &o, credit, true)
	p.named = append(p.named, c)
	p.begin()
	p.session.Post(func() error {
		dc, err := p.pc.CreateDataChannel(label, &o)
		if err == nil {
			err = c.attach(dc)
		}
		if err != nil {
			c.end(fmt.Errorf("peer: open a data channel: %w", err))
		}
		return nil
	})
	return c
}

// ChannelHandler takes the channels that other peers open. It is a [ChannelFunc]: a
// program without one is spared the code of channels, which a page would have to load.
type ChannelHandler interface {
	accept(p *pairing, dc *webrtc.DataChannel, credit bool)
}

// ChannelFunc is called with each [Channel] that a peer opens.
type ChannelFunc func(p *Peer, from string, c *Channel)

// accept is called when the other side has opened a channel.
func (f ChannelFunc) accept(p *pairing, dc *webrtc.DataChannel, credit bool) {
	ordered := dc.Ordered()
	c := newChannel(p, dc.Label(), &webrtc.DataChannelInit{
		Ordered: &ordered, MaxRetransmits: dc.MaxRetransmits(), MaxPacketLifeTime: dc.MaxPacketLifeTime(),
	}, credit, false)
	c.credit = credit && !c.lossy // else a lost message would be credit that never comes back
	c.hand = func() { f(p.remote.peer, p.remote.id, c) }
	p.remote.peer.enqueue(func() {
		switch {
		case p.remote.pairing != p: // it came while the pairing ended
			c.end(ErrReplaced)
			_ = dc.Close()
		case p.crowded():
			c.end(errCrowd)
			p.refuse(dc, trace.TooManyChannels, errCrowd)
		default:
			p.named = append(p.named, c)
		}
	})
	if err := c.attach(dc); err != nil {
		c.end(err)
	}
}

// attach has the channel use dc.
func (c *Channel) attach(dc *webrtc.DataChannel) error {
	c.mu.Lock()
	ended := c.err != nil
	c.dc = dc
	c.mu.Unlock()
	if ended { // while it was created
		return dc.Close()
	}
	enqueue := c.pairing.remote.peer.enqueue
	err := listen(dc, func() { enqueue(c.opened) }, c.received, func(failed bool) { enqueue(func() { c.closed(failed) }) })
	if err == nil && c.own && dc.ReadyState() == webrtc.DataChannelStateOpen {
		c.begin()
	}
	return err
}

// begin grants the first credit once: here if the other side has accepted the channel,
// there when the opener has granted some. pion may read from a channel that was created on
// an open connection before it can be listened to, so the opener is not answered until it
// has spoken.
func (c *Channel) begin() {
	c.mu.Lock()
	credit, due := uint64(0), false
	if c.credit && c.err == nil && (c.own || c.accepted && c.isReady) {
		credit, due = c.in.grant(c.unread)
	}
	dc := c.dc
	c.mu.Unlock()
	if due {
		_ = dc.Send(total(kindCredit, credit)) // if it is closing, that will be told
	}
}

// opened is called when the data channel is open.
func (c *Channel) opened() {
	p := c.pairing
	if p.remote.pairing != p || c.failure() != nil {
		return
	}
	c.told = true
	p.remote.tell(trace.Event{Kind: trace.ChannelOpened, Detail: c.label})
	c.mu.Lock()
	c.accepted = true
	if !c.credit {
		c.isReady = true
		close(c.ready)
	}
	c.mu.Unlock()
	c.begin()
	p.hasData()
	if !c.own {
		p.remote.peer.wait.Go(c.hand)
	}
}

// closed is called when the data channel is closed. If it has neither ended nor been
// refused, the connection may be about to end, and is then what has ended the channel.
func (c *Channel) closed(failed bool) {
	p := c.pairing
	_ = c.channel().Close() // releases its handlers
	c.lost.stop()
	if p.remote.pairing != p {
		return
	}
	if failed {
		p.dataEnded(nil)
	}
	if c.told {
		c.told = false
		p.remote.tell(trace.Event{Kind: trace.ChannelClosed, Detail: c.label})
	}
	select {
	case <-c.ready:
	default:
		c.end(ErrRefused)
	}
	if c.failure() != nil {
		c.forget()
		return
	}
	c.lost.set(p.remote.peer, closingFor, func() {
		if c.credit {
			c.end(io.ErrUnexpectedEOF)
		} else {
			c.end(io.EOF)
		}
		c.forget()
	})
}

// forget takes the channel out of those of the pairing.
func (c *Channel) forget() {
	var others []*Channel // see closed in listen
	for _, other := range c.pairing.named {
		if other != c {
			others = append(others, other)
		}
	}
	c.pairing.named = others
}

// endWithPairing ends the channel because its connection is gone, and returns its data
// channel, if it has one.
func (c *Channel) endWithPairing() *webrtc.DataChannel {
	p := c.pairing
	c.lost.stop()
	if c.told {
		p.remote.tell(trace.Event{Kind: trace.ChannelClosed, Detail: c.label})
	}
	if p.remote.peer.closing {
		c.end(ErrClosed)
	} else {
		c.end(ErrReplaced)
	}
	return c.channel()
}
