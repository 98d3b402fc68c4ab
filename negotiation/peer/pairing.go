package peer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pion/webrtc/v4"
	"golang.org/x/sync/semaphore"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/internal/reads"
	"perfect-negotiation/negotiation/internal/timing"
	"perfect-negotiation/negotiation/recovery"
	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/negotiation/trace"
)

const (
	offersApart = time.Second // between two offers requested by the other side
	offersAhead = 10          // burst of such offers
	maxChannels = 32          // open channels per pairing; each costs memory, whichever side opens it
	maxCrowd    = 100         // refused channels per pairing; pion keeps closed ones for the life of the connection
)

var errUntaken = errors.New("nothing here takes the data channels that it opens")

var errCrowd = fmt.Errorf("it opens more data channels than the %d that there may be: each further one is closed", maxChannels)

// pairing is one PeerConnection with a remote peer, for as long as two sessions
// are bound to each other.
type pairing struct {
	remote  *remote
	life    uint64 // number of this pairing among those with the peer
	pc      *webrtc.PeerConnection
	session *negotiation.Session

	begun      bool           // there is something to negotiate
	connecting bool           // our data channel exists or is being created
	connected  bool           // the PeerConnection is connected
	own        *chatChannel   // the channel created here; nil: none
	channels   []*chatChannel // own and received channels that are not closed
	named      []*Channel     // likewise those that are no chat
	crowd      int            // number of received channels refused
	greeted    bool           // OnConnect was called

	unread *semaphore.Weighted // bytes of chat waiting for the Peer's goroutine
	ended  context.Context     // done when the pairing has ended and unread chat is dropped
	cancel context.CancelFunc

	senders map[sending]*sender // owned by the Session's goroutine
	detach  func()              // stops the calls for received tracks
	unwatch func()              // stops watchTransport; nil: it has not begun

	state    trace.State // last signaling state reported by the Session
	held     bool        // in have-local-offer: the offer is held
	story    story
	lane     *lane // nil: none
	recovery *recovery.Recovery

	offered bool // the last remote description was an offer and is not applied yet

	silence timer // set: nothing carries data channels

	// Of a plain page.
	caller   caller
	refusal  wire.Refused // next refusal to report to it
	refusals timing.Allowance
	instead  int              // offers made because one of its offers was refused
	asked    timing.Allowance // for offers that the other side requests
	collide  collide
}

// newPairing creates a pairing. tells reports whether the other side exchanges
// traces.
func newPairing(r *remote, tells bool) (*pairing, error) {
	p := &pairing{remote: r, life: r.life + 1, senders: map[sending]*sender{}, unread: semaphore.NewWeighted(maxUnread), state: trace.Stable}
	p.ended, p.cancel = context.WithCancel(context.Background())
	p.recovery = newRecovery(p)
	p.refusals = timing.Allowance{Apart: refusalsApart, Burst: refusalsAhead}
	p.asked = timing.Allowance{Apart: offersApart, Burst: offersAhead}
	p.collide.p = p
	if tells && r.peer.config.OnRemoteTrace != nil {
		p.lane = &lane{p: p}
	}
	configuration := webrtc.Configuration{ICEServers: r.peer.servers.configured()}
	if r.polite {
		configuration = negotiation.PoliteConfiguration(configuration)
	}
	var guard negotiation.Option
	var err error
	p.pc, guard, err = r.peer.newPeerConnection(configuration)
	if err != nil {
		return nil, fmt.Errorf("make a PeerConnection: %w", err)
	}
	enqueue := r.peer.enqueue
	p.pc.OnDataChannel(func(dc *webrtc.DataChannel) {
		switch protocol := dc.Protocol(); {
		case p.lane != nil && dc.Label() == laneLabel:
			p.lane.listen(dc, false)
		case (protocol == protocolCredit || protocol == protocolPlain) && r.peer.config.OnChannel != nil:
			r.peer.config.OnChannel.accept(p, dc, protocol == protocolCredit)
		case protocol == protocolCredit || protocol == protocolPlain:
			enqueue(func() {
				if r.pairing == p {
					p.refuse(dc, trace.BadMessage, errUntaken)
				}
			})
		default:
			p.listen(dc, false)
		}
	})
	p.pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		enqueue(func() { p.stateChanged(state) })
	})
	if p.detach, err = onTrack(p.pc, p.trackReceived); err != nil {
		_ = p.pc.Close()
		return nil, err
	}
	p.session, err = negotiation.Attach(p.pc, r.role(), p.send, append(p.recording(), negotiation.WithTrace(p.trace), guard)...)
	if err != nil {
		_ = p.pc.Close()
		return nil, err
	}
	p.watchTransport()
	go func() {
		<-p.session.Done()
		enqueue(func() { r.sessionEnded(p) })
	}()
	return p, nil
}

// send sends a message of the Session, on the Session's goroutine.
func (p *pairing) send(m negotiation.Message) error {
	sending := p.story.sending
	p.story.sending = nil
	p.remote.peer.enqueue(func() {
		if sending != nil {
			p.tell(*sending)
		}
		if p.remote.pairing == p {
			p.remote.send(signaling.Envelope{Message: &m})
		}
	})
	return nil // the link sends again what the relay loses
}

func (p *pairing) received(e signaling.Envelope) {
	err := e.BadMessage
	if e.Message != nil {
		p.begin()
		m := *e.Message
		m.ID = trace.Message{Session: e.Session, Seq: e.Seq}
		p.collide.meet(m)
		err = p.session.Receive(m)
	}
	if err != nil && !errors.Is(err, negotiation.ErrClosed) {
		code := trace.BadMessage
		if errors.Is(err, negotiation.ErrQueueFull) {
			code = trace.TooFast
		}
		p.remote.tell(trace.Event{Kind: trace.MessageRefused, Message: identity(e), Code: code, Err: err, Detail: err.Error()})
		p.tellRefused(code, err)
	}
	if errors.Is(err, negotiation.ErrQueueFull) {
		p.remote.renew(trace.TooFast)
	}
}

// offerRequested is called when the other side requests an offer: it cannot make one
// itself, or wants to make two offers collide.
func (p *pairing) offerRequested() {
	if p.asked.Grant(p.remote.peer.enqueue, p.offerRequested) {
		p.begin()
		p.renegotiate(trace.Event{Code: trace.OtherAsks})
	}
}

// renegotiate requests an offer. The trace reports the request with the code and the
// cause of why.
func (p *pairing) renegotiate(why trace.Event) {
	p.story.requests = append(p.story.requests, why)
	p.session.Renegotiate()
}

// begin is called when either side has something to negotiate.
func (p *pairing) begin() {
	if !p.begun {
		p.begun = true
		p.mediaChanged()
	}
}

// trackReceived is called when the other side sends a track.
func (p *pairing) trackReceived(t RemoteTrack) {
	peer := p.remote.peer
	peer.enqueue(func() {
		if p.remote.pairing != p {
			return // it came while the pairing ended
		}
		p.remote.tell(trace.Event{Kind: trace.TrackReceived, Detail: t.Kind()})
		if peer.config.OnTrack != nil {
			use(func() { peer.config.OnTrack(peer, p.remote.id, t) })
		}
	})
}

// connect creates our data channel, once.
func (p *pairing) connect() {
	if p.connecting {
		p.remote.tell(trace.Event{Kind: trace.ConnectRepeated})
		return
	}
	label := "data-impolite"
	if p.remote.polite {
		label = "data-polite"
	}
	p.remote.tell(trace.Event{Kind: trace.ChannelCreated, Detail: label})
	p.connecting = true
	p.begin()
	peer := p.remote.peer
	peer.wait.Go(func() {
		err := p.session.Do(func() error {
			dc, err := p.pc.CreateDataChannel(label, nil)
			if err == nil {
				p.listen(dc, true)
			}
			return err
		})
		if err != nil && !errors.Is(err, negotiation.ErrClosed) {
			peer.enqueue(func() {
				p.connecting = false
				p.hasData()
				p.remote.tell(trace.Event{Kind: trace.GivenUp, Code: trace.CannotConnect, Err: err, Detail: "create a data channel: " + err.Error()})
			})
		}
	})
}

// chat returns the channel that chat goes out on: our own, if it is open.
func (p *pairing) chat() *chatChannel {
	if p.own != nil && p.own.open {
		return p.own
	}
	for _, c := range p.channels {
		if c.open {
			return c
		}
	}
	return nil
}

// listen is called as soon as a channel is known, our own or received: events
// before that are lost.
func (p *pairing) listen(dc *webrtc.DataChannel, own bool) {
	c := &chatChannel{DataChannel: dc, peer: p.remote.id, turn: make(chan struct{}, 1)}
	enqueue, label := p.remote.peer.enqueue, dc.Label()
	enqueue(func() {
		switch {
		case p.remote.pairing != p: // it came while the pairing ended
			_ = dc.Close()
			return
		case own:
			p.own = c
		case p.crowded():
			c.refused = true
			p.refuse(dc, trace.TooManyChannels, errCrowd)
			return
		}
		p.channels = append(p.channels, c)
	})
	c.opened = func() {
		if p.remote.pairing != p || c.refused || c.open {
			return
		}
		c.open = true
		p.remote.tell(trace.Event{Kind: trace.ChannelOpened, Detail: label})
		p.lane.begin()
		p.hasData()
	}
	closed := func(failed bool) {
		if p.remote.pairing != p {
			return
		}
		if failed {
			p.dataEnded(nil)
		}
		_ = dc.Close()            // releases its handlers
		var others []*chatChannel // slices.DeleteFunc would link all methods into the page's program
		for _, other := range p.channels {
			if other != c {
				others = append(others, other)
			}
		}
		p.channels = others
		if c.open {
			c.open = false
			p.remote.tell(trace.Event{Kind: trace.ChannelClosed, Detail: label})
		}
		if p.own == c {
			p.own, p.connecting = nil, false
		}
	}
	if err := listen(dc, func() { enqueue(c.opened) }, p.hear(c), func(failed bool) { enqueue(func() { closed(failed) }) }); err != nil {
		enqueue(func() {
			p.remote.tell(trace.Event{Kind: trace.MessageRefused, Code: trace.BadMessage, Err: err, Detail: err.Error()})
		})
	}
}

// crowded reports whether there may be no more received channels.
func (p *pairing) crowded() bool { return len(p.channels)+len(p.named) >= maxChannels }

// refuse closes a received channel.
func (p *pairing) refuse(dc *webrtc.DataChannel, code trace.Code, why error) {
	_ = dc.Close()
	switch p.crowd++; p.crowd {
	case 1:
		p.remote.tell(trace.Event{Kind: trace.MessageRefused, Code: code, Err: why, Detail: why.Error()})
	case maxCrowd:
		p.remote.renew(trace.TooManyChannels)
	}
}

func (p *pairing) stateChanged(state webrtc.PeerConnectionState) {
	if p.remote.pairing != p {
		return
	}
	p.connected = state == webrtc.PeerConnectionStateConnected
	if state == webrtc.PeerConnectionStateClosed {
		p.remote.tell(trace.Event{Kind: trace.ConnectionState, Code: trace.Code(state.String()), Detail: state.String()})
		p.remote.hungUp()
		return
	}
	p.recovery.StateChanged(state)
	if p.connected {
		p.watchTransport()
		p.remote.failed = 0
		p.remote.tell(trace.Event{Kind: trace.Connected, Code: trace.Code(state.String())})
	} else {
		p.remote.tell(trace.Event{Kind: trace.ConnectionState, Code: trace.Code(state.String()), Detail: state.String()})
	}
	p.remote.forgetIfGone()
}

// close ends the pairing. The connection closes when nothing uses it any more.
func (p *pairing) close() {
	p.recovery.Stop()
	p.silence.stop()
	p.asked.Stop()
	p.refusals.Stop()
	p.collide.end(trace.PairingEnded)
	p.session.Close()
	p.cancel()
	for _, c := range p.channels {
		if c.open {
			p.remote.tell(trace.Event{Kind: trace.ChannelClosed, Detail: c.Label()})
		}
	}
	channels := p.channels
	for _, c := range p.named {
		if dc := c.endWithPairing(); dc != nil {
			channels = append(channels, &chatChannel{DataChannel: dc})
		}
	}
	p.lane.end()
	if p.lane != nil && p.lane.channel != nil {
		channels = append(channels, &chatChannel{DataChannel: p.lane.channel})
	}
	p.remote.peer.wait.Go(func() {
		<-p.session.Done()
		p.detach()
		if p.unwatch != nil {
			p.unwatch()
		}
		for _, c := range channels {
			_ = c.Close() // releases its handlers
		}
		_ = p.pc.Close()
		reads.End(p.pc)
	})
}
