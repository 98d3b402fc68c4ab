package negotiation

import (
	"errors"
	"fmt"
	"slices"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/sdp"
)

// errSuperseded says that the application made another offer behind our back
// (pion keeps only the last one), so that the answer to ours is of no use.
var errSuperseded = fmt.Errorf("%w: the application created another one before the answer came", ErrOffer)

// held gives a committed connection browser semantics. A polite peer holds its
// offer back: it sends the offer, and sets it only when the answer is here. So
// there is nothing to roll back when a remote offer collides: it drops ours.
// An impolite peer never rolls back and sets its offer at once where the connection
// commits to it.
type held struct {
	pc     committed
	polite bool
	moves  bool // pc makes a new transport when the section that carries it ends

	pending *pending      // our offer; nil: none
	theirs  []sdp.Section // those of the remote offer that is to be answered
	restart bool          // ICE is to be restarted

	sections   []sdp.Section // as negotiated last
	satisfied  []want        // what pc wanted then
	ufrag      string        // of the last local description that was made
	remote     []string      // ufrags of the last remote description applied
	candidates []string      // that have come for them
	setup      string        // our DTLS role, for as long as the transport lasts
	tag        string        // the mid of the section that carries the transport
}

// pending is an offer of ours that is sent and not answered. To drop it is the
// rollback.
type pending struct {
	local
	sections []sdp.Section
	wants    []want // what pc wanted when it was made
	set      bool   // pc has it; if not it is held
	restarts bool   // it restarts ICE
	again    bool   // ICE is to be restarted after that once more
}

// SignalingState is have-local-offer also while the offer is held.
func (h *held) SignalingState() webrtc.SignalingState {
	state := h.pc.SignalingState()
	if state == webrtc.SignalingStateStable && h.pending != nil && !h.pending.set {
		return webrtc.SignalingStateHaveLocalOffer
	}
	return state
}

// needed reports whether an offer would say something that has not been
// negotiated. pion's own flag cannot be trusted: it fires only on changes, gets
// stuck, and fires for ever for a recvonly remote section (pc:433).
func (h *held) needed() bool {
	if h.SignalingState() != webrtc.SignalingStateStable {
		return false
	}
	if h.restart {
		return true
	}
	return slices.ContainsFunc(h.pc.Wants(), func(w want) bool {
		there := w.kind == "application" && w.in(h.sections) // one section carries all channels
		return !there && !slices.Contains(h.satisfied, w)
	})
}

// RestartICE implements [PeerConnection]. What the pending offer carries was
// gathered before the wish.
// https://www.w3.org/TR/webrtc/#dom-rtcpeerconnection-restartice
func (h *held) RestartICE() {
	h.restart = len(h.sections) > 0 || h.pending != nil || h.theirs != nil
	if h.pending != nil {
		h.pending.again = h.pending.restarts
	}
}

// SetLocalDescription implements [PeerConnection].
func (h *held) SetLocalDescription() (webrtc.SessionDescription, error) {
	if h.theirs != nil {
		return h.answer()
	}
	return h.offer()
}

func (h *held) offer() (none webrtc.SessionDescription, err error) {
	if err := h.pc.NameSections(); err != nil {
		return none, err
	}
	p := &pending{restarts: h.restart}
	p.wants = h.pc.Wants() // first: what changes from here on is offered again
	if p.local, err = h.pc.CreateOffer(h.restart); err != nil {
		return none, err
	}
	p.wire.FillMids(h.sections)
	p.sections = p.wire.Sections()
	if err := sdp.CheckMids(p.sections); err != nil {
		return none, fmt.Errorf("%w; set AlwaysNegotiateDataChannels in the webrtc.Configuration", err)
	}
	if !h.polite && h.pc.Commits(p.sections) {
		if err := h.pc.SetLocalDescription(p.made); err != nil {
			return none, err
		}
		p.set = true
	}
	h.pending = p
	h.gathers(p.wire)
	return webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: p.wire.String()}, nil
}

func (h *held) answer() (none webrtc.SessionDescription, err error) {
	wants := h.pc.Wants()
	answer, err := h.pc.CreateAnswer()
	if err != nil {
		return none, err
	}
	if err := h.pc.SetLocalDescription(answer.made); err != nil {
		return none, err
	}
	d := answer.wire
	d.FillMids(h.theirs)
	// pion answers with the direction that it wants, whatever was offered. Where
	// the answer must say less (RFC 3264 section 6.1), nothing is left to offer.
	// https://www.w3.org/TR/webrtc/#dfn-check-if-negotiation-is-needed
	for i := range min(len(d.Media), len(h.theirs)) {
		if m := d.Media[i]; m.Kind != "application" {
			m.SetDirection(m.Direction & h.theirs[i].Direction.Reversed())
		}
	}
	d.KeepExtensions(h.theirs)
	sections := d.Sections()
	h.gathers(d)
	// The DTLS role stays as it is (RFC 8842 section 5.3). But Firefox (153) may take
	// another when ICE is restarted, and pion after an answer that rejects all, which
	// says no role. pion sets only the text it made, so edit what is sent.
	if h.setup == "" || h.tagEnded(sections) {
		h.setup = d.Setup()
	} else {
		d.SetSetup(h.setup)
	}
	h.tag = d.Tag()
	wants = slices.DeleteFunc(wants, func(w want) bool { return !w.in(sections) })
	h.negotiated(h.theirs, sections, wants)
	return webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: d.String()}, nil
}

// tagEnded reports whether the section that carried the transport was stopped or used
// again, and there is a new transport therefore. Chromium (156) may take the other
// DTLS role in it.
func (h *held) tagEnded(answer []sdp.Section) bool {
	return h.moves && h.tag != "" && !slices.ContainsFunc(answer, func(s sdp.Section) bool { return s.Mid == h.tag && !s.Rejected })
}

// gathers is called with a local description that was made. One in which all is
// rejected has no credentials, and changes none.
func (h *held) gathers(local *sdp.Description) {
	if ufrag := local.Ufrag(); ufrag != "" {
		h.ufrag = ufrag
	}
}

// SetRemoteDescription implements [PeerConnection].
func (h *held) SetRemoteDescription(d webrtc.SessionDescription) error {
	remote := sdp.Parse(d.SDP)
	if d.Type == webrtc.SDPTypeAnswer {
		return h.remoteAnswer(remote)
	}
	return h.remoteOffer(remote)
}

func (h *held) remoteOffer(offer *sdp.Description) error {
	if err := offer.CheckOffer(h.sections); err != nil {
		return refused(err)
	}
	candidates, err := h.hearing(offer, offer.Candidates()...)
	if err != nil {
		return err
	}
	plan, err := h.pc.Look(webrtc.SDPTypeOffer, offer)
	if err != nil {
		return refused(err)
	}
	if err := plan.apply(); err != nil {
		return err
	}
	h.forget() // this is the rollback
	h.theirs = offer.Sections()
	if ufrag := offer.Ufrag(); h.remote != nil && !slices.Contains(h.remote, ufrag) && ufrag != "" {
		h.restart = false // their offer restarts ICE
	}
	h.hears(offer, candidates)
	return nil
}

func (h *held) remoteAnswer(answer *sdp.Description) error {
	if h.pending == nil {
		return refused(errors.New("no offer of ours is pending"))
	}
	offered := h.pending.sections
	if err := answer.CheckAnswer(offered); err != nil {
		return refused(err)
	}
	answer.FillMids(offered)
	candidates, err := h.hearing(answer, answer.Candidates()...)
	if err != nil {
		return err
	}
	plan, err := h.pc.Look(webrtc.SDPTypeAnswer, answer)
	if err != nil {
		return refused(err)
	}
	satisfied := h.pending.wants
	if plan.empty() {
		if h.remote == nil {
			h.remote = answer.Ufrags()
		}
		h.negotiated(offered, answer.Sections(), satisfied)
		return nil
	}
	if !h.pending.set {
		if err := h.commit(); err != nil {
			h.forget()
			return err
		}
	}
	satisfied = slices.Clip(satisfied)
	for _, w := range h.pc.Wants() {
		if w.kind == "" { // if it is still there after the exchange we are told so
			satisfied = append(satisfied, w)
		}
	}
	if err := plan.apply(); err != nil {
		return err
	}
	h.hears(answer, candidates)
	sections := answer.Sections()
	if h.setup == "" || h.tagEnded(sections) {
		h.setup = opposite(answer.Setup())
	}
	h.tag = answer.Tag()
	h.negotiated(offered, sections, satisfied)
	return nil
}

func refused(err error) error { return fmt.Errorf("%w: %w", ErrRefused, err) }

// commit sets the held offer, now that its answer is here.
func (h *held) commit() error {
	err := h.pc.SetLocalDescription(h.pending.made)
	if h.pc.Superseded(err) {
		again, createErr := h.pc.CreateOffer(false)
		if createErr != nil {
			return fmt.Errorf("%w: %w", ErrOffer, createErr)
		}
		again.wire.FillMids(h.sections)
		if !sdp.SameOffer(again.wire, h.pending.wire) {
			return errSuperseded
		}
		err = h.pc.SetLocalDescription(again.made)
	}
	h.pending.set = err == nil
	return err
}

// negotiated is called with the sections of an offer and its answer, whoever gave
// them, and with what our side of the exchange said.
func (h *held) negotiated(offer, answer []sdp.Section, satisfied []want) {
	if h.pending != nil && h.pending.restarts {
		h.restart = h.pending.again
	}
	for i := range answer {
		answer[i].Rejected = answer[i].Rejected || offer[i].Rejected
	}
	h.sections, h.satisfied = answer, satisfied
	h.forget()
}

// forget drops what is pending. What our offer carried is still wanted.
func (h *held) forget() { h.pending, h.theirs = nil, nil }

// adopt takes over a connection that has negotiated before.
func (h *held) adopt(before *past) error {
	if before == nil {
		return nil
	}
	ours, theirs := before.local, before.remote
	if n, m := len(ours.Media), len(theirs.Media); n != m {
		return fmt.Errorf("%d media sections of ours and %d of theirs were negotiated", n, m)
	}
	h.ufrag, h.remote = ours.Ufrag(), theirs.Ufrags()
	h.setup = ours.Setup()
	if before.offered {
		h.setup = opposite(theirs.Setup())
	}
	h.tag = ours.Tag()
	ours.FillMids(theirs.Sections())
	h.negotiated(theirs.Sections(), ours.Sections(), nil) // what each section says is not known: offer it once more
	return nil
}

func opposite(setup string) string {
	return map[string]string{"active": "passive", "passive": "active"}[setup]
}
