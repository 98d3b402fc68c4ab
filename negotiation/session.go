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
	// ErrClosed says that the Session, or its PeerConnection, is closed.
	ErrClosed = held.ErrClosed
	// ErrQueueFull says that the other peer sends faster than its messages can
	// be handled. End the pairing, or drop the message and with it the pairing.
	ErrQueueFull = errors.New("negotiation: too many messages wait")
	// ErrWedged says that the PeerConnection is in a state from which it cannot
	// come back to stable, or that our offers fail again and again. Only a new
	// PeerConnection helps.
	ErrWedged = held.ErrWedged
	// ErrFlood says that the other side sends media from more sources than it may
	// without announcing them, see Guard. Close the PeerConnection.
	ErrFlood = trace.Because(trace.TooManySources, errors.New("negotiation: the other side sends media from too many sources"))
)

const maxReceived = 512 // messages that may wait in a Session

// Session runs a [Negotiator] over a pion PeerConnection. All its methods may
// be called at any time from any goroutine.
//
// One goroutine does the work. Change the connection (AddTrack, RemoveTrack,
// AddTransceiver…, CreateDataChannel; natively also ReplaceTrack, where nothing has
// been sent yet) inside [Session.Do], so that a change cannot fall into the middle
// of an exchange, and leave CreateOffer, CreateAnswer and the two SetDescription
// methods to the Session.
type Session struct {
	pc     adapter
	n      *Negotiator
	polite bool
	trace  func(trace.Event)
	record func(trace.Input) // nil: nobody wants to know
	rules  CandidateRules

	sources sourceCounter // nil: they are not counted

	deadline time.Duration // of an answer; 0: none

	mu       sync.Mutex
	queue    []func()     // guarded by mu
	received atomic.Int32 // how many in queue are messages from the peer

	wake chan struct{} // the queue is not empty; capacity 1
	stop chan struct{} // Close was called
	done chan struct{} // the goroutine has ended, and failure may be read
	once sync.Once

	// Owned by the goroutine.
	failure     error // why it ends
	state       webrtc.SignalingState
	waiters     map[chan struct{}]bool // of Negotiated
	changed     bool                   // whether an offer is needed is to be looked up
	retries     int                    // since a description was last applied
	retryIn     time.Duration          // when to try again; 0: nothing failed
	credentials credentials
	waits       bool      // to try again, and makes no offer before
	sent        time.Time // when the pending offer was sent; zero: none is pending, or it was told that it is overdue
}

// sourceCounter counts the sources of media that come over a connection.
type sourceCounter interface {
	watch(pc *webrtc.PeerConnection, flood func())
	announce(sdp string)
	forget()
}

// adapter is a PeerConnection that also knows whether it needs an offer.
type adapter interface {
	PeerConnection
	// Needed reports, in stable, whether the connection needs an offer.
	Needed() bool
	// Flush waits until what was changed before has made itself known.
	Flush()
	// Detach takes our handlers off.
	Detach()
}

// Receive hands over a message from the other peer, in the order in which it
// was sent. It never blocks. It returns [ErrQueueFull], or, like [Session.Err], why
// the Session has ended; an error in the message itself is in the trace.
// Limit the length of messages where you read them from the network.
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

// Do runs change between two exchanges and has negotiated what it changed. It
// returns the error of change, or, like [Session.Err], why the Session has ended.
// It must not be called from a handler of the PeerConnection, from send or the trace,
// or from another change: see [Session.Post].
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

// Post has change run like [Session.Do], but does not wait for it: it may be called
// from anywhere, handlers included. The trace tells if change returns an error
// ([trace.ChangeFailed]). change does not run if the Session ends before.
func (s *Session) Post(change func() error) {
	s.enqueue(func() {
		if err := change(); err != nil {
			s.report(trace.ChangeFailed, "", err)
		}
		s.changed = true
	})
}

// Renegotiate asks for an offer although nothing may need one. The wish
// survives collisions: it is fulfilled when an offer made after the call has
// been answered.
func (s *Session) Renegotiate() {
	s.enqueue(func() { s.handle(s.call(trace.Renegotiates, s.n.Renegotiate)) })
}

// RestartICE asks for an offer that restarts ICE. The wish survives collisions.
func (s *Session) RestartICE() {
	s.enqueue(func() {
		_ = s.call(trace.RestartsICE, func() error { s.n.RestartICE(); return nil })
		s.changed = true
	})
}

// Negotiated waits until all that was changed or wished for before the call has
// been negotiated. It returns an error if ctx or the Session ends first. An
// answer that never comes ends neither: give ctx a deadline. As [Session.Do], it is
// not for handlers.
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

// Close ends the Session and leaves the PeerConnection as it is. A pending
// operation is given up. Close does not wait: [Session.Done] tells when the
// goroutine has ended, and the PeerConnection may be closed or given to [Attach]
// again.
func (s *Session) Close() { s.once.Do(func() { close(s.stop) }) }

// Done is closed when the Session has ended.
func (s *Session) Done() <-chan struct{} { return s.done }

// Err returns why the Session has ended: [ErrClosed], or an error that wraps [ErrSend]
// or [ErrWedged]; one that wraps [ErrRefused], too, is about the other side's answers.
// It is nil before.
func (s *Session) Err() error {
	select {
	case <-s.done:
		return s.failure
	default:
		return nil
	}
}

// ended is [Session.Err] for a Session that was told to end, and may not be there yet.
func (s *Session) ended() error {
	if err := s.Err(); err != nil {
		return err
	}
	return ErrClosed
}

// enqueue has f run on the Session's goroutine, unless the Session ends before.
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
