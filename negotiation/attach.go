package negotiation

import (
	"errors"
	"fmt"
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/held"
	"perfect-negotiation/negotiation/trace"
)

// ErrNotStable means that an offer/answer exchange is going on.
var ErrNotStable = errors.New("negotiation: attach before the first offer or after the last answer")

// ErrRole means that a role is neither [Polite] nor [Impolite].
var ErrRole = errors.New("negotiation: the role must be polite or impolite")

// Option is an option of [Attach].
type Option func(*Session)

// WithTrace reports every event to f, in order, on the Session's goroutine. f must
// not block and must not call Do or Negotiated.
func WithTrace(f func(trace.Event)) Option { return func(s *Session) { s.trace = f } }

// WithAnswerDeadline reports in the trace ([trace.AnswerOverdue]) each offer that has
// no answer within d after it was sent. Nothing else happens: a late answer is still
// applied.
func WithAnswerDeadline(d time.Duration) Option { return func(s *Session) { s.deadline = d } }

// Attach starts perfect negotiation on pc. Exactly one of the two peers must be
// [Polite], the other [Impolite]. send is called with each message for the other
// peer, in order, on the Session's goroutine. It must not block for long, and must
// not lose, duplicate or reorder messages. If it returns an error, the Session ends
// with an error that wraps both that one and [ErrSend].
//
// The Session owns pc's OnNegotiationNeeded, OnICECandidate and
// OnSignalingStateChange, of which pion has one slot each. Natively it replaces
// handlers that were set before: use the trace, which reports each change of state,
// and each offer when it is made. Do not set these handlers afterwards. All other
// handlers remain yours, and the Session does not close pc. Close the Session first,
// wait for [Session.Done], and then close pc or attach to it again: no event tells a
// Session that its pc was closed, and two Sessions on one pc would conflict.
//
// pc may have tracks, channels and past negotiations, but must be stable; otherwise
// Attach returns [ErrNotStable] or [ErrClosed]. It returns an error that wraps
// [ErrWedged] if pc cannot create an offer, as happens in pion once it has rejected
// media for lack of a codec.
//
// For a polite native peer see [PoliteConfiguration], for one that meets pages without
// this package NumberExtensions, and for one that meets other stacks PayloadTypes.
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
		Renumber:  s.renumber,
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
