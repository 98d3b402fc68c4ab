package peer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/negotiation/trace"
)

// Errors of a [Peer].
var (
	ErrClosed = errors.New("peer: closed")
	ErrNobody = errors.New("no data channel is open; connect first")
)

// Config says which room to join, and what to do about those who are there. Only the
// Room is needed and, natively, the Server: the defaults pair with everybody, reconnect,
// and restart ICE where a connection is lost.
//
// The functions OnConnect, OnDisconnect and OnMessage are called for each peer on a
// goroutine of its own, one after the other and in this order: OnConnect, OnMessage for
// each message in the order in which the peer sent them, OnDisconnect. They may block,
// and call any method of the Peer, but must not wait for it to end; those for other
// peers go on meanwhile.
type Config struct {
	// Options say where and as whom to join. In a browser, Server may be empty: it is
	// the origin of the page. Rank may be nil: it is that of the platform.
	signaling.Options

	// OnConnect is called when a peer can be talked to: a data channel to it is open.
	OnConnect func(p *Peer, id string)
	// OnDisconnect is called when that connection has ended for good, because the peer
	// has left, cannot be reached, or gets a new connection: then OnConnect follows.
	// An interruption that a connection survives is none.
	OnDisconnect func(p *Peer, id string)
	// OnMessage is called with each message of a peer. Up to 1 MB of one peer waits for
	// it. Then natively the peer is slowed; a browser cannot do that, and the data
	// channel is closed.
	OnMessage func(p *Peer, from string, m Message)
	// OnChannel is a [ChannelFunc], which is called with each [Channel] that a peer opens,
	// on a goroutine of its own, in no order with the functions above; nil: none is taken.
	OnChannel ChannelHandler
	// OnTrack is called with each received track, in no order with the functions above;
	// nil: tracks are ignored. Natively it is called on a goroutine of its own, to read
	// the track until it ends, and in a browser like Trace, so that no track comes after
	// [trace.Unpaired].
	OnTrack func(p *Peer, from string, track RemoteTrack)

	// Wait opens no data channels until [Peer.Connect] is called on either side. Else
	// one is opened to each peer as soon as it is met.
	Wait bool
	// Version is sent to the other side, for people to read.
	Version string
	// Dial connects to the room; nil: [signaling.Relay]. Another Dialer may ignore
	// Server.
	Dial signaling.Dialer
	// Candidates are the rules for remote ICE candidates. Loopback is set
	// automatically if the relay is on this machine.
	Candidates negotiation.CandidateRules
	// NewPeerConnection creates the connections; nil: like the function of that name,
	// but with a [negotiation.Guard] for Candidates, and trust in CA for TURN over TLS.
	NewPeerConnection func(webrtc.Configuration) (*webrtc.PeerConnection, error)

	// Trace is called with every event, in order, on the Peer's goroutine. It must
	// not block and must not wait for the Peer.
	Trace func(trace.Event)
	// Verbose also traces each signalling message when it is sent and when it is
	// delivered, with a digest for comparing the two ends.
	Verbose bool
	// OnRemoteTrace, if set here and by the other side, makes the two sides of a
	// pairing send each other its trace: over a data channel "trace", as lines
	// without descriptions, chat or other peers. It is called like Trace, with each
	// event of the peer from. Side is [trace.There], and Peer and Life are those of
	// our own events; the other values are that peer's statements and not verified. A
	// gap is marked by an event of kind [trace.EventsLost].
	OnRemoteTrace func(from string, line trace.Line)
	// OnInput is called like Trace, with every input of each negotiation, in order
	// with the events that it causes, so that package replay can repeat the
	// decisions. Nil: inputs are not recorded.
	OnInput func(trace.Input)
}

// Peer is a member of a room. All its methods may be called at any time from
// any goroutine; one goroutine does the work.
type Peer struct {
	config    Config
	transport signaling.Transport

	mu     sync.Mutex
	id     string            // guarded by mu
	queue  []func()          // guarded by mu
	closed bool              // guarded by mu
	tracks map[sending]Track // guarded by mu
	roster Roster            // guarded by mu
	wake   chan struct{}
	done   chan struct{}
	wait   sync.WaitGroup // connections that are being closed
	calls  calls          // of the functions of Config
	leave  func() bool    // stops waiting for the context of Join
	turn   *turnDialer    // nil: the connections need none

	// Owned by the goroutine.
	online  bool // connected to the room, as far as known
	self    wire.Member
	servers iceServers
	remotes map[string]*remote
	connect bool // connect to every peer that joins
	closing bool // Close was called
	paired  pairings
	told    uint64 // number of the last event
}

// Join enters the room and pairs with every peer in it, until ctx ends or Close is
// called. It returns an error only if config can never work; later errors are
// reported in the trace.
func Join(ctx context.Context, config Config) (*Peer, error) {
	if config.Server == "" && config.Dial == nil {
		config.Server = platformServer()
	}
	if config.Rank == nil {
		config.Rank = new(platformRank())
	}
	if config.Dial == nil {
		config.Dial = signaling.Relay
	}
	turn, err := newTURNDialer(config.CA)
	if err != nil {
		return nil, fmt.Errorf("peer: %w", err)
	}
	config.Candidates.Loopback = config.Candidates.Loopback || onThisMachine(config.Server)
	if config.Trace == nil {
		config.Trace = func(trace.Event) {}
	}
	p := &Peer{
		config:  config,
		wake:    make(chan struct{}, 1),
		done:    make(chan struct{}),
		self:    wire.Member{Role: config.Role, Rank: config.Rank},
		remotes: map[string]*remote{},
		paired:  pairings{last: map[string]time.Time{}},
		tracks:  map[sending]Track{},
		connect: !config.Wait,
		turn:    turn,
	}
	// The transport outlives ctx, so that bye can still be sent.
	transport, err := config.Dial(context.WithoutCancel(ctx), config.Options, signaling.Handler{
		Connected: func() { p.enqueue(func() { p.tell(trace.Event{Kind: trace.RelayConnected}) }) },
		Received:  func(e signaling.Envelope) { p.enqueue(func() { p.received(e) }) },
		Disconnected: func(err error, retry time.Duration, final bool) {
			p.enqueue(func() { p.disconnected(err, retry, final) })
		},
	})
	if err != nil {
		return nil, err
	}
	p.transport = transport
	p.leave = context.AfterFunc(ctx, p.Close)
	go p.run()
	return p, nil
}

// Connect opens a data channel to every peer in the room, and to each that joins
// later. In an empty room the request is remembered.
func (p *Peer) Connect() {
	p.enqueue(func() {
		p.connect = true
		p.tell(trace.Event{Kind: trace.ConnectRequested, Role: p.self.Role})
		paired := false
		for _, r := range p.remotes {
			if r.pairing != nil {
				paired = true
				r.pairing.connect()
			}
		}
		if !paired {
			p.tell(trace.Event{Kind: trace.ConnectWaiting})
		}
	})
}

// Renegotiate makes an offer to every peer in the room, even if nothing needs one.
// The request survives collisions and reconnections to the relay.
func (p *Peer) Renegotiate() { p.withPairings("", func(p *pairing) { p.renegotiate(trace.Event{}) }) }

// RestartICE restarts ICE with every peer in the room; a polite peer asks the other
// one to do it. Media and data keep flowing. The request is never lost, and waits
// while the relay cannot be reached.
func (p *Peer) RestartICE() { p.withPairings("", func(p *pairing) { p.recovery.RestartICE("") }) }

// withPairings calls f with the pairing with the peer to, or with every pairing if to
// is empty.
func (p *Peer) withPairings(to string, f func(*pairing)) {
	p.enqueue(func() {
		begun := false
		for _, r := range p.remotes {
			if r.pairing != nil && r.pairing.begun && (to == "" || to == r.id) {
				begun = true
				f(r.pairing)
			}
		}
		if !begun {
			p.tell(trace.Event{Kind: trace.NothingYet})
		}
	})
}

// CheckRelay probes the connection to the relay now or, if there is none,
// reconnects now. Call it when the network has changed, the machine was asleep,
// or the user asks for it.
func (p *Peer) CheckRelay() { p.transport.Check() }

// Close says bye and closes all connections. It does not wait: see [Peer.Done].
func (p *Peer) Close() {
	p.enqueue(func() {
		p.closing = true
		for _, r := range p.remotes {
			if ours, theirs := r.link.Session(); theirs != "" && r.present {
				_ = r.transmit(signaling.Envelope{Session: ours, PeerSession: theirs, Bye: true}) // if it is lost, the peer will notice by itself
			}
			r.end("")
			r.stop()
		}
		p.mu.Lock()
		p.closed = true
		p.mu.Unlock()
	})
}

// Peers returns what is known of each other peer in the room, in the order in which
// they came.
func (p *Peer) Peers() []Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []Status
	for _, entry := range p.roster.Entries() {
		list = append(list, *entry)
	}
	return list
}

// ID returns the id that the relay assigned, by which other peers know this one. It
// is empty before the first [trace.RoomJoined].
func (p *Peer) ID() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.id
}

// Done returns a channel that is closed when the Peer has ended, and the last function
// of its Config has returned.
func (p *Peer) Done() <-chan struct{} { return p.done }

func (p *Peer) run() {
	p.tell(trace.Event{Kind: trace.Starting, Role: p.self.Role})
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
	p.leave()
	p.transport.Close()
	<-p.transport.Done()
	p.wait.Wait()
	p.tell(trace.Event{Kind: trace.ShutDown, Role: p.self.Role})
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

// tell traces an event, and returns its number.
func (p *Peer) tell(e trace.Event) uint64 {
	p.told++
	e.N = p.told
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	if r := p.remotes[e.Peer]; r != nil {
		e.Life = cmp.Or(e.Life, r.life)
		if r.pairing != nil && e.State == "" {
			e.State, e.Held = r.pairing.state, r.pairing.held
		}
	}
	if e.Peer != "" {
		p.mu.Lock()
		p.roster.Apply(e)
		p.mu.Unlock()
	}
	p.config.Trace(e)
	p.share(e)
	return e.N
}
