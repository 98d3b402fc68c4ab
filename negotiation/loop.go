package negotiation

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/trace"
)

const (
	maxRetries = 8 // consecutive offers that may fail
	minRetry   = 50 * time.Millisecond
	maxRetry   = 5 * time.Second
)

// run does the work of a [Session] on its goroutine.
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
	if s.sources != nil {
		s.sources.forget()
	}
	close(s.done)
}

// announce is called with each message, sent or received, before it is handled.
func (s *Session) announce(m Message) {
	if s.sources != nil && m.Description != nil {
		s.sources.announce(m.Description.SDP)
	}
}

// flooded ends the Session.
func (s *Session) flooded() {
	s.failure = ErrFlood
	s.report(trace.Failed, trace.TooManySources, ErrFlood)
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

// answerOverdue reports, once, that the pending offer has no answer.
func (s *Session) answerOverdue() {
	s.sent = time.Time{}
	s.n.tell(trace.Event{Kind: trace.AnswerOverdue, Message: s.n.pending.ID, Cause: s.n.offered, Code: trace.NoAnswer})
}

// tryAgain is called when the delay after a failed offer is over.
func (s *Session) tryAgain() {
	s.changed, s.waits = true, false
	s.handle(s.call(trace.Retries, s.n.Retry))
	s.settle()
}

// settle makes an offer if one is needed, else releases the waiters of Negotiated.
func (s *Session) settle() {
	s.observe()
	if s.failure != nil || s.state != webrtc.SignalingStateStable || s.waits || s.n.requested && s.n.begun {
		return
	}
	if len(s.waiters) > 0 {
		s.pc.Flush()
		s.changed = true
	}
	if s.changed {
		s.changed = false
		if s.needed() {
			s.handle(s.call(trace.Offers, s.n.NegotiationNeeded))
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
		// An offer is answered before the state is observed.
		s.fail(trace.Because(trace.SetByOthers, errors.New("somebody else set a description")))
	}
}

// handle decides how the Session reacts to an error of the Negotiator.
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

// offerFailure returns the reason why an offer failed, for errors without a code.
func offerFailure(err error) trace.Code {
	if errors.Is(err, ErrRefused) {
		return trace.AnswerRefused
	}
	return trace.CannotOffer
}

// report traces an error, with its own code or else with this one.
func (s *Session) report(kind trace.Kind, code trace.Code, err error) {
	e := trace.Event{Kind: kind, Cause: s.n.told, Code: cmp.Or(trace.CodeOf(err), code), Err: err, Detail: inWords(err)}
	switch kind {
	case trace.DescriptionRefused, trace.CandidateRefused:
		e.Message = s.n.about
	case trace.OfferFailed:
		e.Message = s.n.pending.ID
		e.Next = time.Now().Add(s.retryIn)
	}
	s.n.tell(e)
}

// inWords returns the text of an error for the log.
func inWords(err error) string { return strings.ReplaceAll(err.Error(), "negotiation: ", "") }

func (s *Session) stamp(e trace.Event) {
	if s.trace != nil {
		e.Time = time.Now()
		s.trace(e)
	}
}
