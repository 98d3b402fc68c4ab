package call

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/internal/timing"
	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/link"
	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/negotiation/trace"
)

// Errors with which a [Call] ends.
var (
	// ErrClosed says that Close was called.
	ErrClosed = errors.New("call: closed")
	// ErrFailed says that one connection after the other has failed. A new Call tries
	// again.
	ErrFailed = errors.New("call: connections fail in a row")
	// ErrProtocol says that the other side's version of the protocol is too old.
	ErrProtocol = errors.New("call: the other side speaks too old a protocol")
)

// ErrNone says that there is no connection right now.
var ErrNone = errors.New("call: the other side is not there")

const (
	maxFailed   = 5           // consecutive connections that may fail
	maxReceived = 512         // frames that may wait
	bindsApart  = time.Second // between two connections that the other side begins
	offersApart = time.Second // between two offers that the other side asks for
	offersAhead = 10          // burst of such offers
)

// Option is an option of [New].
type Option func(*Call)

// WithTrace reports every event of all connections to f, in order, on the Call's
// goroutine. Life counts the connections. f must not block.
func WithTrace(f func(trace.Event)) Option { return func(c *Call) { c.trace = f } }

// WithSession passes options to [negotiation.Attach] for each connection. If they depend
// on the connection, as [negotiation.WithGuard] does, f returns those for pc.
// [negotiation.WithTrace] is not among them: see [WithTrace].
func WithSession(f func(pc *webrtc.PeerConnection) []negotiation.Option) Option {
	return func(c *Call) { c.options = f }
}

// Call keeps two peers connected. All its methods may be called at any time from any
// goroutine.
type Call struct {
	role    negotiation.Role
	connect func() (*webrtc.PeerConnection, error)
	send    func(frame []byte) error
	trace   func(trace.Event)
	options func(*webrtc.PeerConnection) []negotiation.Option

	mu       sync.Mutex
	queue    []func()    // guarded by mu
	received int         // frames in queue; guarded by mu
	current  *connection // guarded by mu; nil: there is none
	wake     chan struct{}
	done     chan struct{}
	wait     sync.WaitGroup // connections that are being closed

	// Owned by the goroutine.
	failure        error // why the Call ends
	link           *link.End[signaling.Envelope]
	retransmission timing.Retransmission
	bound          time.Time // when the last connection began
	life           uint64    // number of connections so far
	failed         int       // consecutive connections that have failed
}

// New begins a call, which goes on until Close is called or it fails. Exactly one of the
// two peers must be polite. connect and send are called on the Call's goroutine and must
// not wait for it. The Call sets the connection's OnConnectionStateChange, whose states
// are in the trace, and those handlers that [negotiation.Attach] sets, and closes the
// connection. An error of send counts as a loss. The frames hold up to 64 KB.
func New(role negotiation.Role, connect func() (*webrtc.PeerConnection, error), send func(frame []byte) error, options ...Option) (*Call, error) {
	if role != negotiation.Polite && role != negotiation.Impolite {
		return nil, fmt.Errorf("%w: %q", negotiation.ErrRole, role)
	}
	c := &Call{
		role:    role,
		connect: connect,
		send:    send,
		trace:   func(trace.Event) {},
		options: func(*webrtc.PeerConnection) []negotiation.Option { return nil },
		wake:    make(chan struct{}, 1),
		done:    make(chan struct{}),
		link:    link.New[signaling.Envelope](signaling.NewKey),
	}
	c.retransmission = timing.Retransmission{Enqueue: c.enqueue, Flush: c.flush, Stalled: c.stalled}
	for _, option := range options {
		option(c)
	}
	c.enqueue(c.flush)
	go c.run()
	return c, nil
}

// Receive takes a frame that has come from the other side. It never blocks, and drops
// what cannot be read, or comes too fast. It keeps the frame.
func (c *Call) Receive(frame []byte) {
	c.mu.Lock()
	full := c.received == maxReceived
	if !full {
		c.received++
	}
	c.mu.Unlock()
	if full || len(frame) > wire.MaxFrame {
		return // the link sends again what was lost
	}
	c.enqueue(func() {
		c.mu.Lock()
		c.received--
		c.mu.Unlock()
		var e signaling.Envelope
		if e.UnmarshalJSON(frame) == nil {
			c.receive(e)
		}
	})
}

// Again sends at once what the other side has not acknowledged. Call it when signalling
// works again after it did not, to save some seconds.
func (c *Call) Again() {
	c.enqueue(func() {
		c.link.Again()
		c.retransmission.Begin()
		c.flush()
		if c.current != nil {
			c.current.recovery.Reached()
		}
	})
}

// Do changes the connection, as [negotiation.Session.Do] does. It returns [ErrNone] if
// there is none right now: then the change is for connect to make.
func (c *Call) Do(change func(*webrtc.PeerConnection) error) error {
	current := c.connection()
	if current == nil {
		return ErrNone
	}
	return current.session.Do(func() error { return change(current.pc) })
}

// Renegotiate requests an offer even if nothing needs one.
func (c *Call) Renegotiate() {
	if current := c.connection(); current != nil {
		current.session.Renegotiate()
	}
}

// RestartICE restarts ICE; a polite peer asks the other side to. Media and data keep
// flowing.
func (c *Call) RestartICE() {
	c.enqueue(func() {
		if c.current != nil {
			c.current.recovery.RestartICE("")
		}
	})
}

// Close says bye and closes the connection. It does not wait: see [Call.Done].
func (c *Call) Close() {
	c.enqueue(func() {
		if ours, theirs := c.link.Session(); theirs != "" {
			c.transmit(signaling.Envelope{Session: ours, PeerSession: theirs, Bye: true}) // if it is lost, the other side will notice by itself
		}
		c.failure = ErrClosed
	})
}

// Done returns a channel that is closed when the Call has ended and its connections are
// closed.
func (c *Call) Done() <-chan struct{} { return c.done }

// Err returns nil while the Call goes on, then the reason why it ended: [ErrClosed],
// or an error that wraps [ErrFailed] or [ErrProtocol].
func (c *Call) Err() error {
	select {
	case <-c.done:
		return c.failure
	default:
		return nil
	}
}

func (c *Call) connection() *connection {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.current
}

// enqueue runs f on the Call's goroutine, unless the Call ends first.
func (c *Call) enqueue(f func()) {
	select {
	case <-c.done:
		return
	default:
	}
	c.mu.Lock()
	c.queue = append(c.queue, f)
	c.mu.Unlock()
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *Call) run() {
	for c.failure == nil {
		<-c.wake
		c.mu.Lock()
		queue := c.queue
		c.queue = nil
		c.mu.Unlock()
		for _, f := range queue {
			if f(); c.failure != nil {
				break
			}
		}
	}
	c.end("")
	c.retransmission.Stop()
	c.wait.Wait()
	close(c.done)
}
