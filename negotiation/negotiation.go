package negotiation

import (
	"errors"
	"fmt"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/held"
	"perfect-negotiation/negotiation/trace"
)

// Errors that a [PeerConnection] returns for what a remote peer got wrong.
// Nothing has changed when it returns one of them.
var (
	// ErrRefused says that a description cannot be applied.
	ErrRefused = held.ErrRefused
	// ErrNoRemoteDescription says that a candidate came before any description.
	ErrNoRemoteDescription = held.ErrNoRemoteDescription
	// ErrUnknownUfrag says that a candidate belongs to a description that is
	// not, or no longer, applied.
	ErrUnknownUfrag = held.ErrUnknownUfrag
)

// ErrOffer says that an offer could not be made, or that its answer was refused. Try
// again with [Negotiator.Retry].
var ErrOffer = held.ErrOffer

// ErrSend says that a message for the other peer could not be sent. As no message may
// be lost, a [Session] ends with it.
var ErrSend = errors.New("negotiation: a message cannot be sent")

// PeerConnection is what a [Negotiator] drives. It has the semantics of a
// browser's RTCPeerConnection; calls do not overlap.
type PeerConnection interface {
	SignalingState() webrtc.SignalingState

	// SetLocalDescription creates, sets and returns the answer that is due, or
	// else an offer.
	// https://www.w3.org/TR/webrtc/#dom-peerconnection-setlocaldescription
	SetLocalDescription() (webrtc.SessionDescription, error)

	// SetRemoteDescription applies a remote offer or answer. In
	// have-local-offer an offer withdraws our own: that is the rollback.
	// https://www.w3.org/TR/webrtc/#dom-peerconnection-setremotedescription
	SetRemoteDescription(webrtc.SessionDescription) error

	// AddICECandidate adds a remote candidate; nil is end-of-candidates.
	AddICECandidate(*webrtc.ICECandidateInit) error

	// RestartICE makes the following offers restart ICE until one of them has
	// been answered, and makes an offer needed.
	// https://www.w3.org/TR/webrtc/#dom-rtcpeerconnection-restartice
	RestartICE()
}

// Negotiator is the W3C perfect negotiation pattern for one pair of peers.
// https://www.w3.org/TR/webrtc/#perfect-negotiation-example
//
// It has no goroutine, clock or lock. Each method runs to completion and calls
// must not overlap; that is why the sample's makingOffer and
// isSettingRemoteAnswerPending are not needed here: while a description is being made
// or applied, no other can be looked at. A [Session] sees to that.
type Negotiator struct {
	pc     PeerConnection
	polite bool
	send   func(Message) error
	trace  func(trace.Event)

	ignoring bool                      // the last remote description was not applied, so its candidates are not for us
	early    []webrtc.ICECandidateInit // candidates that came before any description
	begun    bool                      // something has been offered, by either side
	wish     bool                      // an offer is wanted, whatever the connection thinks
	carried  bool                      // the pending offer fulfils the wish once it is answered
	pending  Message                   // the last offer
	refused  bool                      // an answer to it was refused

	story // for the trace alone
}

// maxEarly bounds what a peer can make us store before its first description.
const maxEarly = 64

// NewNegotiator returns a Negotiator for pc. Of the two peers exactly one must be
// [Polite]; any other role is [Impolite] here. Messages for the other peer are given
// to send, in order; an error of send is returned by the method that had something to
// send, and wraps [ErrSend]. trace may be nil.
func NewNegotiator(pc PeerConnection, role Role, send func(Message) error, trace func(trace.Event)) *Negotiator {
	return &Negotiator{pc: pc, polite: role == Polite, send: send, trace: trace}
}

// NegotiationNeeded makes an offer if the connection is stable. In any other
// state it does nothing: call it again when the connection is stable and the
// need is still there, as a browser does by firing negotiationneeded again.
func (n *Negotiator) NegotiationNeeded() error {
	if n.pc.SignalingState() != webrtc.SignalingStateStable {
		return nil
	}
	needed := trace.Event{Kind: trace.NegotiationNeeded, Cause: n.restart}
	n.restart = 0
	return n.offer(n.tell(needed))
}

// Renegotiate asks for an offer although nothing may need one. The wish is
// fulfilled when an offer made after it has been answered, so it survives
// collisions and may be made in any state. Before there is anything to offer it
// waits for that.
func (n *Negotiator) Renegotiate() error {
	n.wished = n.tell(trace.Event{Kind: trace.Renegotiate})
	n.wish = true
	return n.grant()
}

// RestartICE asks for an offer that restarts ICE. Like [Negotiator.Renegotiate]
// it survives collisions and may be called in any state.
func (n *Negotiator) RestartICE() {
	n.restart = n.tell(trace.Event{Kind: trace.Restart})
	n.pc.RestartICE()
}

// Retry tries an offer again after an error that wraps [ErrOffer]. One whose answer
// was refused is sent once more as it is: the other side may have applied it, and no
// other answer comes by itself.
func (n *Negotiator) Retry() error {
	if n.refused && n.pc.SignalingState() == webrtc.SignalingStateHaveLocalOffer {
		return n.sendOffer(n.told)
	}
	return n.grant()
}

// Receive handles a message from the other peer. An error that wraps
// [ErrRefused] leaves everything as it was.
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
	n.wish, n.carried = false, n.wish
	n.pending = Message{Description: &description}
	return n.sendOffer(cause)
}

func (n *Negotiator) sendOffer(cause uint64) error {
	n.refused = false
	n.pending = n.numbered(n.pending)
	n.offered = n.tell(trace.Event{Kind: trace.OfferSending, Message: n.pending.ID, Cause: cause, SDP: n.pending.Description.SDP})
	return n.deliver(n.pending)
}

// deliver gives a message to send.
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
		n.wish, n.carried = n.wish || n.carried, false
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
	return n.grant()
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
			n.ignoring = false // the answer to come has the same candidates
			return fmt.Errorf("%w: %w", ErrOffer, err)
		}
		n.ignoring = true
		if n.pc.SignalingState() == webrtc.SignalingStateStable {
			n.wish, n.carried = n.wish || n.carried, false
		}
		return err
	}
	n.carried = false
	n.applied()
	return n.grant()
}

// applied is called when a remote description is in force.
func (n *Negotiator) applied() {
	n.begun = true
	n.ignoring = false
	early := n.early
	n.early = nil
	for i := range early {
		n.candidate(&early[i])
	}
}

// grant makes the offer that was wished for, if one can be made now. Without a
// section an offer could not be answered.
func (n *Negotiator) grant() error {
	if !n.wish || !n.begun || n.pc.SignalingState() != webrtc.SignalingStateStable {
		return nil
	}
	return n.offer(n.wished)
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
