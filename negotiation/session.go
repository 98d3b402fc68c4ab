package negotiation

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/held"
	"perfect-negotiation/negotiation/trace"
)

// Errors of a [Session].
var (
	// ErrClosed means that the Session or its PeerConnection is closed.
	ErrClosed = held.ErrClosed
	// ErrQueueFull means that the other peer sends faster than its messages are
	// handled. End the pairing: without the message it cannot go on.
	ErrQueueFull = errors.New("negotiation: too many messages wait")
	// ErrWedged means that the PeerConnection cannot return to stable, or that our
	// offers keep failing. Make a new PeerConnection.
	ErrWedged = held.ErrWedged
	// ErrFlood means that the other side sends media from more unannounced sources
	// than it may, see Guard. Close the PeerConnection.
	ErrFlood = trace.Because(trace.TooManySources, errors.New("negotiation: the other side sends media from too many sources"))
)

const maxReceived = 512 // received messages that may wait in a Session

// Session runs a [Negotiator] over a pion PeerConnection. All methods may be called
// at any time from any goroutine, unless stated otherwise.
//
// One goroutine does the work. Change the connection (AddTrack, RemoveTrack,
// AddTransceiver…, CreateDataChannel; natively also ReplaceTrack if nothing has been
// sent yet) inside [Session.Do], so that no change falls into the middle of an
// exchange. Leave CreateOffer, CreateAnswer, SetLocalDescription and
// SetRemoteDescription to the Session.
type Session struct {
	pc     adapter
	n      *Negotiator
	polite bool
	trace  func(trace.Event)
	record func(trace.Input) // nil: not recording
	rules  CandidateRules

	sources  sourceCounter                     // nil: sources are not counted
	renumber func(ssrc uint32, to *[128]uint8) // see PayloadTypes; nil: not possible

	deadline time.Duration // for an answer; 0: none

	mu       sync.Mutex
	queue    []func()     // guarded by mu
	received atomic.Int32 // number of messages from the peer in queue

	wake chan struct{} // signals that the queue is not empty; capacity 1
	stop chan struct{} // closed by Close
	done chan struct{} // closed when the goroutine has ended and failure may be read
	once sync.Once

	// Owned by the goroutine.
	failure     error // why the Session ends
	state       webrtc.SignalingState
	waiters     map[chan struct{}]bool // of Negotiated
	changed     bool                   // check whether an offer is needed
	retries     int                    // failed offers since a description was last applied
	retryIn     time.Duration          // delay before the next try; 0: nothing failed
	credentials credentials
	waits       bool      // waiting to try again, without making an offer until then
	sent        time.Time // when the pending offer was sent; zero: none is pending, or it was reported as overdue
}

// sourceCounter counts the media sources (SSRCs) received over a connection.
type sourceCounter interface {
	watch(pc *webrtc.PeerConnection, flood func())
	announce(sdp string)
	forget()
}

// adapter is a PeerConnection that also reports whether it needs an offer.
type adapter interface {
	PeerConnection
	// Needed reports, in stable, whether the connection needs an offer.
	Needed() bool
	// Flush waits until earlier changes are visible to Needed.
	Flush()
	// Detach removes the Session's handlers.
	Detach()
}

// Receive queues a message from the other peer. Call it in the order in which the
// messages were sent. It never blocks. It returns [ErrQueueFull] or, like
// [Session.Err], the reason why the Session has ended. Errors in the message itself
// are reported in the trace. Limit the length of messages where you read them from
// the network.
func (s *Session) Receive(m Message) error {
	if s.stopped() {
		return s.ended()
	}
	if s.received.Add(1) > maxReceived {
		s.received.Add(-1)
		return ErrQueueFull
	}
	s.enqueue(func() {
		s.received.Add(-1)
		s.handle(s.receive(m))
	})
	return nil
}

// Do runs change between two exchanges and then negotiates what it changed. It
// returns the error of change or, like [Session.Err], the reason why the Session has
// ended. Do waits for change, but not for the negotiation: see [Session.Negotiated].
// It must not be called from a handler of the PeerConnection, from send, from the
// trace, or from another change: use [Session.Post] there.
func (s *Session) Do(change func() error) error {
	result := make(chan error, 1)
	s.enqueue(func() {
		result <- change()
		s.changed = true
	})
	select {
	case err := <-result:
		return err
	case <-s.done:
		select {
		case err := <-result:
			return err
		default:
			return s.failure
		}
	}
}

// Post runs change like [Session.Do], but does not wait for it, so it may be called
// from anywhere, handlers included. If change returns an error, it is reported in the
// trace ([trace.ChangeFailed]). If the Session ends first, change does not run.
func (s *Session) Post(change func() error) {
	s.enqueue(func() {
		if err := change(); err != nil {
			s.report(trace.ChangeFailed, "", err)
		}
		s.changed = true
	})
}

// Renegotiate requests an offer even if nothing needs one. The request survives
// collisions: it stays pending until an offer made after the call has been answered.
func (s *Session) Renegotiate() {
	s.enqueue(func() { s.handle(s.call(trace.Renegotiates, s.n.Renegotiate)) })
}

// RestartICE requests an offer that restarts ICE. The request survives collisions.
func (s *Session) RestartICE() {
	s.enqueue(func() {
		_ = s.call(trace.RestartsICE, func() error { s.n.RestartICE(); return nil })
		s.changed = true
	})
}

// Negotiated waits until everything that was changed or requested before the call has
// been negotiated. It returns an error if ctx or the Session ends first. A missing
// answer ends neither: give ctx a deadline. Like [Session.Do], it must not be called
// from a handler.
func (s *Session) Negotiated(ctx context.Context) error {
	waiter := make(chan struct{})
	s.enqueue(func() {
		if s.waiters == nil {
			s.waiters = map[chan struct{}]bool{}
		}
		s.waiters[waiter] = true
	})
	select {
	case <-waiter:
		return nil
	case <-ctx.Done():
		s.enqueue(func() { delete(s.waiters, waiter) })
		return ctx.Err()
	case <-s.done:
		return s.Err()
	}
}

// Close ends the Session, gives up pending operations and leaves the PeerConnection
// as it is. Close does not wait: after [Session.Done] is closed, the PeerConnection
// may be closed or given to [Attach] again.
func (s *Session) Close() { s.once.Do(func() { close(s.stop) }) }

// Done returns a channel that is closed when the Session has ended.
func (s *Session) Done() <-chan struct{} { return s.done }

// Err returns nil while the Session runs, then the reason why it ended: [ErrClosed],
// [ErrFlood], or an error that wraps [ErrSend] or [ErrWedged]. An error that wraps
// [ErrRefused], too, means that the other side's answers were refused.
func (s *Session) Err() error {
	select {
	case <-s.done:
		return s.failure
	default:
		return nil
	}
}

// ended is [Session.Err] for a Session that was stopped, but may not have ended yet.
func (s *Session) ended() error {
	if err := s.Err(); err != nil {
		return err
	}
	return ErrClosed
}

// enqueue runs f on the Session's goroutine, unless the Session ends first.
func (s *Session) enqueue(f func()) {
	if s.stopped() {
		return
	}
	s.mu.Lock()
	s.queue = append(s.queue, f)
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *Session) recheck() { s.enqueue(func() { s.changed = true }) }

func (s *Session) stopped() bool {
	select {
	case <-s.stop:
		return true
	default:
		return false
	}
}
