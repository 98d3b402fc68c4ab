package peer

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/signaling"
)

// Errors of a [Peer].
var (
	ErrClosed = errors.New("peer: closed")
	ErrNobody = errors.New("no data channel is open; connect first")
)

const (
	maxBuffered  = 1 << 20 // bytes of chat on their way to one peer
	drainTimeout = 10 * time.Second
)

// Config says which room to join, and how.
type Config struct {
	signaling.Options

	// Connect opens a data channel as soon as a peer is met. Else that waits
	// for Connect to be called here or there.
	Connect bool
	// Version is told to the other side, for people to read.
	Version string
	// Trace is told all that happens, in order, on the Peer's goroutine. It must
	// not block and must not wait for the Peer.
	Trace func(negotiation.Event)
	// NewPeerConnection makes the connections; nil: webrtc.NewPeerConnection.
	NewPeerConnection func(webrtc.Configuration) (*webrtc.PeerConnection, error)
}

// Peer is a member of a room. All its methods may be called at any time from
// any goroutine; one goroutine does the work.
type Peer struct {
	config Config
	client *signaling.Client

	mu     sync.Mutex
	queue  []func() // guarded by mu
	closed bool     // guarded by mu
	wake   chan struct{}
	done   chan struct{}
	wait   sync.WaitGroup // connections that are being closed

	// Owned by the goroutine.
	self    signaling.Member
	servers []webrtc.ICEServer
	remotes map[string]*remote
	connect bool // wanted with everybody who comes
}

// Join connects to the relay and pairs with everybody in the room, until ctx
// ends or Close is called. It returns an error if config can never work; what
// happens later is told by the trace.
func Join(ctx context.Context, config Config) (*Peer, error) {
	if config.NewPeerConnection == nil {
		config.NewPeerConnection = webrtc.NewPeerConnection
	}
	if config.Trace == nil {
		config.Trace = func(negotiation.Event) {}
	}
	p := &Peer{
		config:  config,
		wake:    make(chan struct{}, 1),
		done:    make(chan struct{}),
		self:    signaling.Member{Role: config.Role, Rank: &config.Rank},
		remotes: map[string]*remote{},
		connect: config.Connect,
	}
	// The client outlives ctx by as long as it takes to say bye.
	client, err := signaling.Connect(context.WithoutCancel(ctx), config.Options, signaling.Handler{
		Connected: func() { p.enqueue(func() { p.trace(RelayConnected, "") }) },
		Received:  func(e signaling.Envelope) { p.enqueue(func() { p.received(e) }) },
		Disconnected: func(err error, retry time.Duration, final bool) {
			p.enqueue(func() { p.disconnected(err, retry, final) })
		},
	})
	if err != nil {
		return nil, err
	}
	p.client = client
	go p.run()
	context.AfterFunc(ctx, p.Close)
	return p, nil
}

// Connect opens a data channel to every peer in the room, and to each that
// comes. Alone in the room it is remembered.
func (p *Peer) Connect() {
	p.enqueue(func() {
		p.connect = true
		paired := false
		for _, r := range p.remotes {
			if r.pairing != nil {
				paired = true
				r.pairing.connect()
			}
		}
		if !paired {
			p.trace(ConnectWaiting, "")
		}
	})
}

// Renegotiate forces an offer to every peer in the room. It is never lost,
// whatever is going on.
func (p *Peer) Renegotiate() {
	p.enqueue(func() {
		begun := false
		for _, r := range p.remotes {
			if r.pairing != nil && r.pairing.begun {
				begun = true
				r.pairing.session.Renegotiate()
			}
		}
		if !begun {
			p.trace(NothingYet, "")
		}
	})
}

// Say sends a line of chat to everybody who is connected. It waits while much
// of what was said before is still on its way. It returns [ErrNobody] if no data
// channel is open.
func (p *Peer) Say(text string) error {
	channels := p.channels()
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
	p.enqueue(func() { p.traceChat(ChatSent, "", text) })
	return nil
}

// Flush waits until all that was said is at the other side.
func (p *Peer) Flush() {
	for _, dc := range p.channels() {
		if p.drain(dc, 0) != nil {
			return
		}
	}
}

// channels returns the channel to each peer that has one open.
func (p *Peer) channels() []*webrtc.DataChannel {
	result := make(chan []*webrtc.DataChannel, 1)
	p.enqueue(func() {
		var list []*webrtc.DataChannel
		for _, r := range p.remotes {
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

// Close says bye and ends all connections. [Peer.Done] tells when that is done.
func (p *Peer) Close() {
	p.enqueue(func() {
		for _, r := range p.remotes {
			if r.rank != nil && r.present {
				r.send(signaling.Envelope{Bye: true})
			}
			r.end("")
		}
		p.mu.Lock()
		p.closed = true
		p.mu.Unlock()
	})
}

// Done is closed when the Peer has ended.
func (p *Peer) Done() <-chan struct{} { return p.done }

func (p *Peer) run() {
	for !p.isClosed() {
		<-p.wake
		p.mu.Lock()
		queue := p.queue
		p.queue = nil
		p.mu.Unlock()
		for _, f := range queue {
			if f(); p.isClosed() {
				break
			}
		}
	}
	p.client.Close()
	<-p.client.Done()
	p.wait.Wait()
	close(p.done)
}

func (p *Peer) isClosed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closed
}

func (p *Peer) enqueue(f func()) {
	p.mu.Lock()
	p.queue = append(p.queue, f)
	p.mu.Unlock()
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

func (p *Peer) traceChat(kind negotiation.Kind, id, text string) {
	p.config.Trace(negotiation.Event{Time: time.Now(), Peer: id, Kind: kind, Detail: text})
}

func (p *Peer) trace(kind negotiation.Kind, detail string) {
	p.config.Trace(negotiation.Event{Time: time.Now(), Kind: kind, Detail: detail})
}

func (p *Peer) disconnected(err error, retry time.Duration, final bool) {
	var refused *signaling.Error
	switch errors.As(err, &refused); {
	case final && refused.Code == signaling.CodeReplaced:
		p.trace(RelayReplaced, "")
	case final:
		p.trace(RelayRefused, refused.Message)
	default:
		p.trace(RelayLost, fmt.Sprintf("%v; trying again in %.1f s", err, retry.Seconds()))
	}
}

func (p *Peer) received(e signaling.Envelope) {
	switch {
	case e.Welcome != nil:
		p.welcome(*e.Welcome)
	case e.Joined != nil:
		p.joined(*e.Joined)
	case e.Left != nil:
		p.left(e.Left.ID)
	case e.Error != nil && e.Error.Code == signaling.CodeNotFound:
		p.trace(PeerAbsent, e.Error.Message) // the news that it left are on their way
	case e.Error != nil:
		p.trace(RelayWarning, e.Error.Message)
	default:
		if r := p.remotes[e.From]; r != nil {
			r.received(e)
		}
	}
}

// welcome begins a connection to the relay, the first one or another. What was
// sent meanwhile is lost, so pairings that the relay carries begin anew.
func (p *Peer) welcome(w signaling.Welcome) {
	p.self.ID = w.ID
	p.servers = nil
	for _, s := range w.ICEServers {
		p.servers = append(p.servers, webrtc.ICEServer{URLs: s.URLs, Username: s.Username, Credential: s.Credential})
	}
	p.trace(RoomJoined, w.Room)
	listed := map[string]bool{}
	for _, m := range w.Peers {
		listed[m.ID] = true
		if r := p.remotes[m.ID]; r != nil {
			r.end("the relay was gone")
			r.session = newSession()
		}
		p.joined(m)
	}
	for id := range p.remotes {
		if !listed[id] {
			p.left(id)
		}
	}
}

func (p *Peer) joined(m signaling.Member) {
	r := p.remotes[m.ID]
	if r == nil {
		r = &remote{peer: p, id: m.ID, session: newSession()}
		p.remotes[m.ID] = r
	}
	r.present = true
	r.rank = m.Rank
	var err error
	r.polite, err = polite(p.self, m)
	r.trace(PeerJoined, m.ID)
	switch {
	case err != nil:
		r.trace(PeerNotPaired, err.Error())
		r.end("")
		delete(p.remotes, m.ID)
	case m.Rank != nil:
		r.send(signaling.Envelope{Session: r.session, Hello: &signaling.Hello{Source: negotiation.Source(), Version: p.config.Version}})
	default:
		r.end("it came anew")
		r.pair("")
	}
}

func (p *Peer) left(id string) {
	r := p.remotes[id]
	if r == nil {
		return
	}
	r.present = false
	r.trace(PeerLeft, id)
	r.endIfGone()
}
