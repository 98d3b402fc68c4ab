package negotiation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
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
)

const (
	maxReceived = 512 // messages that may wait in a Session
	maxRetries  = 8   // offers in a row that may fail
	minRetry    = 50 * time.Millisecond
	maxRetry    = 5 * time.Second
)

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

	deadline time.Duration // of an answer; 0: none

	mu       sync.Mutex
	queue    []func()     // guarded by mu
	received atomic.Int32 // how many in queue are messages from the peer

	wake chan struct{} // the queue is not empty; capacity 1
	stop chan struct{} // Close was called
	done chan struct{} // the goroutine has ended, and failure may be read
	once sync.Once

	// Owned by the goroutine.
	failure error // why it ends
	state   webrtc.SignalingState
	waiters map[chan struct{}]bool // of Negotiated
	changed bool                   // whether an offer is needed is to be looked up
	retries int                    // since a description was last applied
	retryIn time.Duration          // when to try again; 0: nothing failed
	waits   bool                   // to try again, and makes no offer before
	sent    time.Time              // when the pending offer was sent; zero: none is pending, or it was told that it is overdue
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
		err := s.n.Receive(m)
		if err == nil && m.Description != nil && !s.n.ignoring {
			s.retries, s.waits = 0, false
		}
		s.handle(err)
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
	s.enqueue(func() { s.handle(s.n.Renegotiate()) })
}

// RestartICE asks for an offer that restarts ICE. The wish survives collisions.
func (s *Session) RestartICE() {
	s.enqueue(func() {
		s.n.RestartICE()
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

func (s *Session) run() {
	retry, overdue := time.NewTimer(maxRetry), time.NewTimer(maxRetry)
	retry.Stop()
	overdue.Stop()
	for s.failure == nil {
		select {
		case <-s.wake:
			s.drain()
		case <-retry.C:
			s.tryAgain()
		case <-overdue.C:
			s.answerOverdue()
		case <-s.stop:
			s.failure = ErrClosed
		}
		if s.deadline > 0 && !s.sent.IsZero() {
			overdue.Reset(time.Until(s.sent.Add(s.deadline)))
		} else {
			overdue.Stop()
		}
		if s.retryIn > 0 {
			retry.Reset(s.retryIn)
			s.retryIn = 0
		}
	}
	s.Close()
	retry.Stop()
	overdue.Stop()
	s.pc.Detach()
	close(s.done)
}

func (s *Session) drain() {
	for {
		s.mu.Lock()
		queue := s.queue
		s.queue = nil
		s.mu.Unlock()
		if len(queue) == 0 {
			s.settle()
			return
		}
		for _, f := range queue {
			if s.failure != nil || s.stopped() {
				return
			}
			f()
			s.observe()
		}
	}
}

// answerOverdue tells of the pending offer, once.
func (s *Session) answerOverdue() {
	s.sent = time.Time{}
	s.n.tell(trace.Event{Kind: trace.AnswerOverdue, Message: s.n.pending.ID, Cause: s.n.offered, Code: trace.NoAnswer})
}

// tryAgain is called some time after an offer failed.
func (s *Session) tryAgain() {
	s.changed, s.waits = true, false
	s.handle(s.n.Retry())
	s.settle()
}

// settle makes the offer that is needed, or tells the waiters that none is.
func (s *Session) settle() {
	s.observe()
	if s.failure != nil || s.state != webrtc.SignalingStateStable || s.waits || s.n.wish && s.n.begun {
		return
	}
	if len(s.waiters) > 0 {
		s.pc.Flush()
		s.changed = true
	}
	if s.changed {
		s.changed = false
		if s.pc.Needed() {
			s.handle(s.n.NegotiationNeeded())
			s.observe()
			return
		}
	}
	for waiter := range s.waiters {
		close(waiter)
	}
	clear(s.waiters)
}

// observe reports the signaling state if it has changed. pion's own event comes
// late and out of order.
func (s *Session) observe() {
	state := s.pc.SignalingState()
	if state == s.state || s.failure != nil {
		return
	}
	s.state, s.sent = state, time.Time{}
	if state == webrtc.SignalingStateHaveLocalOffer {
		s.sent = time.Now()
	}
	s.n.tell(trace.Event{Kind: trace.StateChanged, Cause: s.n.told, Detail: state.String()})
	switch state {
	case webrtc.SignalingStateStable:
		s.changed = true
	case webrtc.SignalingStateClosed:
		s.failure = ErrClosed
	case webrtc.SignalingStateHaveRemoteOffer, webrtc.SignalingStateHaveRemotePranswer, webrtc.SignalingStateHaveLocalPranswer:
		// An offer is answered before anybody looks.
		s.fail(trace.Because(trace.SetByOthers, errors.New("somebody else set a description")))
	}
}

// handle decides what an error of the Negotiator means.
func (s *Session) handle(err error) {
	switch {
	case err == nil:
	case s.stopped() || s.pc.SignalingState() == webrtc.SignalingStateClosed:
		s.failure = ErrClosed
	case errors.Is(err, ErrSend):
		s.failure = err
		s.report(trace.Failed, trace.CannotSend, err)
	case errors.Is(err, ErrOffer) && s.retries < maxRetries:
		s.retryIn = min(minRetry<<s.retries, maxRetry)
		s.retries++
		s.waits = true
		s.report(trace.OfferFailed, offerFailure(err), err)
	case errors.Is(err, ErrRefused) && !errors.Is(err, ErrOffer):
		s.report(trace.DescriptionRefused, trace.NotTaken, err)
	default:
		s.fail(err)
	}
}

func (s *Session) fail(err error) {
	s.failure = fmt.Errorf("%w: %w", ErrWedged, err)
	s.report(trace.Failed, trace.Wedged, err)
}

// offerFailure returns why an offer failed, where its error does not say it.
func offerFailure(err error) trace.Code {
	if errors.Is(err, ErrRefused) {
		return trace.AnswerRefused
	}
	return trace.CannotOffer
}

// report traces an error, with its own code or else this one.
func (s *Session) report(kind trace.Kind, code trace.Code, err error) {
	e := trace.Event{Kind: kind, Cause: s.n.told, Code: cmp.Or(trace.CodeOf(err), code), Err: err, Detail: inWords(err)}
	switch kind {
	case trace.DescriptionRefused:
		e.Message = s.n.about
	case trace.OfferFailed:
		e.Message = s.n.pending.ID
		e.Next = time.Now().Add(s.retryIn)
	}
	s.n.tell(e)
}

// inWords returns what a log says of an error.
func inWords(err error) string { return strings.ReplaceAll(err.Error(), "negotiation: ", "") }

func (s *Session) stamp(e trace.Event) {
	if s.trace != nil {
		e.Time = time.Now()
		s.trace(e)
	}
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
