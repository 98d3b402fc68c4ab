package negotiation

import (
	"errors"
	"fmt"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/held"
	"perfect-negotiation/negotiation/trace"
)

// Errors that a [PeerConnection] returns for mistakes of the remote peer. The
// connection is unchanged when it returns one of them.
var (
	// ErrRefused means that a description cannot be applied.
	ErrRefused = held.ErrRefused
	// ErrNoRemoteDescription means that a candidate came before any remote
	// description.
	ErrNoRemoteDescription = held.ErrNoRemoteDescription
	// ErrUnknownUfrag means that a candidate belongs to a description that is not
	// applied, or no longer.
	ErrUnknownUfrag = held.ErrUnknownUfrag
)

// ErrOffer means that an offer could not be created, or that its answer was refused.
// Try again with [Negotiator.Retry].
var ErrOffer = held.ErrOffer

// ErrSend means that a message could not be sent to the other peer. No message may be
// lost, so a [Session] ends with it.
var ErrSend = errors.New("negotiation: a message cannot be sent")

// PeerConnection is the connection that a [Negotiator] drives. It has the semantics
// of a browser's RTCPeerConnection; calls do not overlap.
type PeerConnection interface {
	SignalingState() webrtc.SignalingState

	// SetLocalDescription creates, sets and returns an answer if a remote offer is
	// pending, else an offer.
	// https://www.w3.org/TR/webrtc/#dom-peerconnection-setlocaldescription
	SetLocalDescription() (webrtc.SessionDescription, error)

	// SetRemoteDescription applies a remote offer or answer. In have-local-offer a
	// remote offer rolls back the local one.
	// https://www.w3.org/TR/webrtc/#dom-peerconnection-setremotedescription
	SetRemoteDescription(webrtc.SessionDescription) error

	// AddICECandidate adds a remote candidate; nil is end-of-candidates.
	AddICECandidate(*webrtc.ICECandidateInit) error

	// RestartICE makes an offer needed, and makes offers restart ICE until one of
	// them has been answered.
	// https://www.w3.org/TR/webrtc/#dom-rtcpeerconnection-restartice
	RestartICE()
}

// Negotiator is the W3C perfect negotiation pattern for one pair of peers.
// https://www.w3.org/TR/webrtc/#perfect-negotiation-example
//
// It has no goroutine, clock or lock. Each method runs to completion, and calls must
// not overlap; a [Session] ensures that. So the sample's makingOffer and
// isSettingRemoteAnswerPending are not needed here: no description can arrive while
// another is being created or applied.
type Negotiator struct {
	pc     PeerConnection
	polite bool
	send   func(Message) error
	trace  func(trace.Event)

	ignoring       bool                      // the last remote description was not applied, so its candidates are dropped
	early          []webrtc.ICECandidateInit // candidates that came before any description
	begun          bool                      // either side has made an offer
	requested      bool                      // an offer was requested, whether or not the connection needs one
	requestOffered bool                      // the pending offer was made after the request
	pending        Message                   // the last offer sent
	refused        bool                      // an answer to it was refused

	story // for the trace only
}

// maxEarly bounds the candidates kept before the first remote description.
const maxEarly = 64

// NewNegotiator returns a Negotiator for pc. Exactly one of the two peers must be
// [Polite]; any other role counts as [Impolite]. send is called with each message for
// the other peer, in order. An error of send is returned, wrapped in [ErrSend], by
// the method that called it. trace may be nil.
func NewNegotiator(pc PeerConnection, role Role, send func(Message) error, trace func(trace.Event)) *Negotiator {
	return &Negotiator{pc: pc, polite: role == Polite, send: send, trace: trace}
}

// NegotiationNeeded makes an offer if the connection is stable. In any other state it
// does nothing: call it again when the connection is stable and the need remains, as
// a browser does by firing negotiationneeded again.
func (n *Negotiator) NegotiationNeeded() error {
	if n.pc.SignalingState() != webrtc.SignalingStateStable {
		return nil
	}
	needed := trace.Event{Kind: trace.NegotiationNeeded, Cause: n.restart}
	n.restart = 0
	return n.offer(n.tell(needed))
}

// Renegotiate requests an offer even if nothing needs one. It may be called in any
// state. The request survives collisions: it stays pending until an offer made after
// it has been answered. Before the first offer of either side it waits.
func (n *Negotiator) Renegotiate() error {
	n.requestedBy = n.tell(trace.Event{Kind: trace.Renegotiate})
	n.requested = true
	return n.offerRequested()
}

// RestartICE requests an offer that restarts ICE. Like [Negotiator.Renegotiate] it
// survives collisions and may be called in any state.
func (n *Negotiator) RestartICE() {
	n.restart = n.tell(trace.Event{Kind: trace.Restart})
	n.pc.RestartICE()
}

// Retry tries an offer again after an error that wraps [ErrOffer]. If the answer was
// refused, the same offer is sent again: the other side may have applied it, and will
// not send another answer by itself.
func (n *Negotiator) Retry() error {
	if n.refused && n.pc.SignalingState() == webrtc.SignalingStateHaveLocalOffer {
		return n.sendOffer(n.told)
	}
	return n.offerRequested()
}

// Receive handles a message from the other peer. If the error wraps [ErrRefused],
// nothing has changed.
func (n *Negotiator) Receive(m Message) error {
	n.comes(m)
	switch {
	case m.Description == nil:
		n.candidate(m.Candidate)
		return nil
	case m.Description.Type == webrtc.SDPTypeOffer:
		return n.remoteOffer(*m.Description)
	case m.Description.Type == webrtc.SDPTypeAnswer:
		return n.remoteAnswer(*m.Description)
	}
	// A pranswer could not be rolled back, and a rollback is never sent.
	return trace.Because(trace.BadType, fmt.Errorf("%w: a description must be an offer or an answer, not %s", ErrRefused, m.Description.Type))
}

func (n *Negotiator) offer(cause uint64) error {
	description, err := n.pc.SetLocalDescription()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrOffer, err)
	}
	n.begun = true
	n.requested, n.requestOffered = false, n.requested
	n.pending = Message{Description: &description}
	return n.sendOffer(cause)
}

func (n *Negotiator) sendOffer(cause uint64) error {
	n.refused = false
	n.pending = n.numbered(n.pending)
	n.offered = n.tell(trace.Event{Kind: trace.OfferSending, Message: n.pending.ID, Cause: cause, SDP: n.pending.Description.SDP})
	return n.deliver(n.pending)
}

// deliver sends a message.
func (n *Negotiator) deliver(m Message) error {
	if err := n.send(m); err != nil {
		return trace.Because(trace.CannotSend, fmt.Errorf("%w: %w", ErrSend, err))
	}
	return nil
}

func (n *Negotiator) remoteOffer(offer webrtc.SessionDescription) error {
	if n.pc.SignalingState() == webrtc.SignalingStateClosed {
		return ErrClosed
	}
	received := n.tell(trace.Event{Kind: trace.OfferReceived, Message: n.about, SDP: offer.SDP})
	collision := n.pc.SignalingState() != webrtc.SignalingStateStable
	if collision && !n.polite {
		n.ignoring = true
		n.ignored = n.tell(trace.Event{Kind: trace.CollisionIgnored, Message: n.about, Cause: received, Code: trace.AsImpolite})
		return nil
	}

	err := n.pc.SetRemoteDescription(offer)
	if collision && n.pc.SignalingState() != webrtc.SignalingStateHaveLocalOffer {
		n.requested, n.requestOffered = n.requested || n.requestOffered, false
		n.tell(trace.Event{Kind: trace.CollisionRollback, Message: n.pending.ID, Cause: received, Code: trace.AsPolite})
	}
	if err != nil {
		n.ignoring = true
		return fmt.Errorf("apply the remote offer: %w", err)
	}
	n.applied()

	n.tell(trace.Event{Kind: trace.AnswerCreating, Message: n.about, Cause: received})
	answer, err := n.pc.SetLocalDescription()
	if err != nil {
		return fmt.Errorf("make an answer: %w", err)
	}
	m := n.numbered(Message{Description: &answer})
	n.tell(trace.Event{Kind: trace.AnswerSending, Message: m.ID, Cause: received, SDP: answer.SDP})
	if err := n.deliver(m); err != nil {
		return err
	}
	return n.offerRequested()
}

func (n *Negotiator) remoteAnswer(answer webrtc.SessionDescription) error {
	switch n.pc.SignalingState() {
	case webrtc.SignalingStateHaveLocalOffer:
	case webrtc.SignalingStateClosed:
		return ErrClosed
	default:
		n.tell(trace.Event{Kind: trace.AnswerDropped, Message: n.about, Code: trace.NoOffer})
		return nil
	}
	n.tell(trace.Event{Kind: trace.AnswerReceived, Message: n.about, Cause: n.offered, SDP: answer.SDP})
	if err := n.pc.SetRemoteDescription(answer); err != nil {
		err = fmt.Errorf("apply the remote answer: %w", err)
		if errors.Is(err, ErrRefused) {
			n.refused = true
			n.ignoring = false // the next answer will have the same candidates
			return fmt.Errorf("%w: %w", ErrOffer, err)
		}
		n.ignoring = true
		if n.pc.SignalingState() == webrtc.SignalingStateStable {
			n.requested, n.requestOffered = n.requested || n.requestOffered, false
		}
		return err
	}
	n.requestOffered = false
	n.applied()
	return n.offerRequested()
}

// applied is called after a remote description was applied.
func (n *Negotiator) applied() {
	n.begun = true
	n.ignoring = false
	early := n.early
	n.early = nil
	for i := range early {
		n.candidate(&early[i])
	}
}

// offerRequested makes the requested offer, if one can be made now. Before the first
// offer there may be no section, and an offer without one could not be answered.
func (n *Negotiator) offerRequested() error {
	if !n.requested || !n.begun || n.pc.SignalingState() != webrtc.SignalingStateStable {
		return nil
	}
	return n.offer(n.requestedBy)
}

func (n *Negotiator) candidate(candidate *webrtc.ICECandidateInit) {
	switch err := n.pc.AddICECandidate(candidate); {
	case err == nil:
		n.tell(n.adds(candidate))
	case errors.Is(err, ErrClosed):
	case n.ignoring, errors.Is(err, ErrUnknownUfrag), candidate == nil:
		n.tell(n.ignores(err))
	case errors.Is(err, ErrNoRemoteDescription) && len(n.early) < maxEarly:
		n.early = append(n.early, *candidate)
	default:
		n.tell(trace.Event{Kind: trace.CandidateRefused, Message: n.about, Code: refusal(err), Err: err, Detail: inWords(err)})
	}
}
