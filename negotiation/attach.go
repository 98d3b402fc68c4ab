package negotiation

import (
	"errors"
	"fmt"
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/held"
	"perfect-negotiation/negotiation/trace"
)

// ErrNotStable says that a PeerConnection is in the middle of an exchange.
var ErrNotStable = errors.New("negotiation: attach before the first offer or after the last answer")

// ErrRole says that a role is neither [Polite] nor [Impolite].
var ErrRole = errors.New("negotiation: the role must be polite or impolite")

// Option is an option of [Attach].
type Option func(*Session)

// WithTrace has every event reported to f, in order, on the Session's
// goroutine. f must not block and must not call Do or Negotiated.
func WithTrace(f func(trace.Event)) Option { return func(s *Session) { s.trace = f } }

// WithAnswerDeadline has the trace tell of each offer that has not been answered d after
// it was sent ([trace.AnswerOverdue]). Nothing else happens: a late answer is as good.
func WithAnswerDeadline(d time.Duration) Option { return func(s *Session) { s.deadline = d } }

// Attach starts perfect negotiation on pc. Of the two peers exactly one must be
// [Polite], the other [Impolite]. send is given each message for the other peer, in
// order, on the Session's goroutine; it must not block for long, and must not lose,
// duplicate or reorder messages. If it returns an error the Session ends with one that
// wraps [ErrSend] and that.
//
// The Session owns pc's OnNegotiationNeeded, OnICECandidate and
// OnSignalingStateChange, of which pion has one slot each. Natively it replaces
// handlers that were set before; the trace tells of each change of state, and of an
// offer when it is made. Do not set these handlers afterwards. All other handlers stay
// yours, and the Session does not close pc. Close the Session first, wait for
// [Session.Done], and then close pc or attach to it again: no event tells a Session
// that its pc was closed, and two of them would be in each other's way.
//
// pc may have tracks, channels and past negotiations, but must be stable, else Attach
// returns [ErrNotStable] or [ErrClosed]. It returns an error that wraps [ErrWedged] if
// pc can make no offer: pion cannot, once it has rejected media by itself for want of
// a codec.
//
// For a native peer that is polite see [PoliteConfiguration].
func Attach(pc *webrtc.PeerConnection, role Role, send func(Message) error, options ...Option) (*Session, error) {
	if role != Polite && role != Impolite {
		return nil, fmt.Errorf("%w: %q", ErrRole, role)
	}
	switch pc.SignalingState() {
	case webrtc.SignalingStateStable:
	case webrtc.SignalingStateClosed:
		return nil, ErrClosed
	default:
		return nil, fmt.Errorf("%w: it is in %s", ErrNotStable, pc.SignalingState())
	}
	s := &Session{
		polite:  role == Polite,
		wake:    make(chan struct{}, 1),
		stop:    make(chan struct{}),
		done:    make(chan struct{}),
		changed: true,
		state:   webrtc.SignalingStateStable,
		rules:   CandidateRules{Loopback: true},
	}
	for _, option := range options {
		option(s)
	}
	var err error
	if s.pc, err = adapt(pc, s.polite, held.Hooks{
		Enqueue:   s.enqueue,
		Recheck:   s.recheck,
		Candidate: func(c *webrtc.ICECandidateInit) { s.handle(s.n.deliver(s.n.numbered(Message{Candidate: c}))) },
		Admit:     s.admit,
		LeftOut:   func(err error) { s.report(trace.CandidateRefused, trace.BadCandidate, err) },
		Unsent:    func(err error) { s.report(trace.SendFailed, trace.NotSent, err) },
		Rejected:  func(err error) { s.report(trace.SectionRejected, trace.NotTaken, err) },
		Record:    s.record,
		Stop:      s.stop,
	}); err != nil {
		return nil, err
	}
	s.n = NewNegotiator(s.pc, role, func(m Message) error {
		s.announce(m)
		if m.Description != nil {
			s.credentials.sends(m.Description)
		}
		return send(m)
	}, s.stamp)
	s.n.begun = pc.CurrentLocalDescription() != nil
	s.credentials = credentials{local: ufragOf(pc.CurrentLocalDescription()), remote: ufragOf(pc.CurrentRemoteDescription())}
	s.begins(role)
	s.recheck()
	if s.sources != nil {
		s.sources.watch(pc, func() { s.enqueue(s.flooded) })
	}
	go s.run()
	return s, nil
}
