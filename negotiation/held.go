package negotiation

import (
	"fmt"
	"slices"

	"github.com/pion/webrtc/v4"
)

// errSuperseded says that the application made another offer behind our back
// (pion keeps only the last one), so that the answer to ours is of no use.
var errSuperseded = fmt.Errorf("%w: the application created another one before the answer came", ErrOffer)

// committed is a PeerConnection that nobody asks to roll back: what it was given
// it keeps. Its CreateOffer may have effects of its own, so [held] is the only
// one to call it.
type committed interface {
	SignalingState() webrtc.SignalingState
	// NameSections gives each new transceiver a mid that the other peer never
	// uses: a mid given by a dropped offer cannot be taken back.
	NameSections() error
	CreateOffer(restart bool) (webrtc.SessionDescription, error)
	CreateAnswer() (webrtc.SessionDescription, error)
	SetLocalDescription(webrtc.SessionDescription) error
	SetRemoteDescription(webrtc.SessionDescription) error
	AddICECandidate(webrtc.ICECandidateInit) error
	// Takes returns an error if a remote description that is sound all the
	// same would wedge the connection.
	Takes(webrtc.SessionDescription) error
	// Commits tells whether an offer may be set before its answer is here.
	Commits(offered []section) bool
	// Concerned tells whether it must be told of an answer.
	Concerned(answer []section) bool
	// Wants says what an offer made now would say that matters.
	Wants() []want
	// Superseded tells whether an error of SetLocalDescription means that
	// another offer was created since.
	Superseded(error) bool
}

// want is what one side wants a section to say, or all of them. Two are equal if
// nothing changed.
type want struct {
	mid  string // empty before the first offer, and for application
	kind string // audio, video or application; empty for all sections
	what string // the direction and the track, or whatever else changes
}

// in tells whether one of the sections is that of w.
func (w want) in(list []section) bool {
	return w.kind == "" || slices.ContainsFunc(list, func(s section) bool {
		return w.kind == s.kind && (w.mid == s.mid || w.kind == "application")
	})
}

// held gives a committed connection browser semantics. A polite peer holds its
// offer back: it sends the offer, and sets it only when the answer is here. So
// there is nothing to roll back when a remote offer collides: it forgets ours.
// An impolite peer never rolls back and sets its offer at once where the connection
// commits to it.
type held struct {
	pc     committed
	polite bool
	moves  bool // pc makes a new transport when the section that carries it ends

	offer      *webrtc.SessionDescription // sent and not set; nil: none
	offered    []section                  // the sections of the pending offer, held or set
	offeredAs  []want                     // what pc wanted when the pending offer was made
	restart    bool                       // ICE is to be restarted
	restarting bool                       // the pending offer restarts ICE
	again      bool                       // ICE is to be restarted after that once more

	sections []section // as negotiated last
	said     []want    // what pc wanted then
	ufrag    string    // of the last local description that was made
	remote   []string  // ufrags of the last remote description applied
	heard    []string  // candidates that have come for them
	setup    string    // our DTLS role, for as long as the transport lasts
	tag      string    // the mid of the section that carries the transport
}

// SignalingState is have-local-offer also while the offer is held.
func (h *held) SignalingState() webrtc.SignalingState {
	state := h.pc.SignalingState()
	if state == webrtc.SignalingStateStable && h.offer != nil {
		return webrtc.SignalingStateHaveLocalOffer
	}
	return state
}

// needed tells whether an offer would say something that has not been
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
		return !there && !slices.Contains(h.said, w)
	})
}

// RestartICE implements [PeerConnection]. What the pending offer carries was
// gathered before the wish.
// https://www.w3.org/TR/webrtc/#dom-rtcpeerconnection-restartice
func (h *held) RestartICE() {
	h.restart = len(h.sections) > 0 || h.offered != nil
	h.again = h.restarting
}

// SetLocalDescription implements [PeerConnection].
func (h *held) SetLocalDescription() (webrtc.SessionDescription, error) {
	if h.SignalingState() == webrtc.SignalingStateHaveRemoteOffer {
		return h.answer()
	}
	if err := h.pc.NameSections(); err != nil {
		return webrtc.SessionDescription{}, err
	}
	wants := h.pc.Wants() // first: what changes from here on is offered again
	offer, err := h.pc.CreateOffer(h.restart)
	if err != nil {
		return offer, err
	}
	parsed, err := parse(offer.SDP)
	if err != nil {
		return offer, err
	}
	offered := filled(parsed.sections(), h.sections)
	if err := checkMids(webrtc.SDPTypeOffer, offered); err != nil {
		return offer, fmt.Errorf("%w; set AlwaysNegotiateDataChannels in the webrtc.Configuration", err)
	}
	if !h.polite && h.pc.Commits(offered) {
		if err := h.pc.SetLocalDescription(offer); err != nil {
			return offer, err
		}
	} else {
		h.offer = &offer
	}
	h.offered, h.offeredAs, h.restarting = offered, wants, h.restart
	h.gathers(parsed)
	return webrtc.SessionDescription{Type: offer.Type, SDP: withMids(offer.SDP, offered)}, nil
}

func (h *held) answer() (webrtc.SessionDescription, error) {
	wants := h.pc.Wants()
	answer, err := h.pc.CreateAnswer()
	if err != nil {
		return answer, err
	}
	if err := h.pc.SetLocalDescription(answer); err != nil {
		return answer, err
	}
	parsed, err := parse(answer.SDP)
	if err != nil {
		return answer, err
	}
	// pion answers with the direction that it wants, whatever was offered. Where
	// the answer must say less (RFC 3264 section 6.1), nothing is left to offer.
	// https://www.w3.org/TR/webrtc/#dfn-check-if-negotiation-is-needed
	sections := filled(parsed.sections(), h.offered)
	for i := range min(len(sections), len(h.offered)) {
		sections[i].direction &= h.offered[i].direction.reversed()
	}
	wants = slices.DeleteFunc(wants, func(w want) bool { return !w.in(sections) })
	text := withOffered(withMids(withDirections(answer.SDP, sections), h.offered), h.offered)
	h.gathers(parsed)
	// The DTLS role stays as it is (RFC 8842 section 5.3). But Firefox (153) may take
	// another when ICE is restarted, and pion after an answer that rejects all, which
	// says no role. pion sets only the text it made, so edit what is sent.
	if h.setup == "" || h.tagEnded(sections) {
		h.setup = parsed.setup()
	} else {
		text = withSetup(text, h.setup)
	}
	h.tag = parsed.tag()
	h.negotiated(sections, wants)
	return webrtc.SessionDescription{Type: answer.Type, SDP: text}, nil
}

// tagEnded reports whether the section that carried the transport was stopped or used
// again, and there is a new transport therefore. Chromium (156) may take the other
// DTLS role in it.
func (h *held) tagEnded(answer []section) bool {
	return h.moves && h.tag != "" && !slices.ContainsFunc(answer, func(s section) bool { return s.mid == h.tag && !s.rejected })
}

// gathers is called with a local description that was made. One in which all is
// rejected has no credentials, and changes none.
func (h *held) gathers(local *sdp) {
	if ufrag := local.ufrag(); ufrag != "" {
		h.ufrag = ufrag
	}
}

// SetRemoteDescription implements [PeerConnection].
func (h *held) SetRemoteDescription(d webrtc.SessionDescription) error {
	parsed, err := checkDescription(d)
	if err != nil {
		return err
	}
	if d.Type == webrtc.SDPTypeAnswer {
		return h.remoteAnswer(d, parsed)
	}
	return h.remoteOffer(d, parsed)
}

func (h *held) remoteOffer(d webrtc.SessionDescription, parsed *sdp) error {
	if err := checkOffer(h.sections, parsed.sections()); err != nil {
		return err
	}
	heard, err := h.hearing(parsed, parsed.candidates()...)
	if err != nil {
		return err
	}
	if err := h.pc.Takes(d); err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if err := h.pc.SetRemoteDescription(d); err != nil {
		return err
	}
	h.forget() // this is the rollback
	h.offered = parsed.sections()
	if h.remote != nil && !slices.Contains(h.remote, parsed.ufrag()) && parsed.ufrag() != "" {
		h.restart = false // their offer restarts ICE
	}
	h.hears(parsed, heard)
	return nil
}

func (h *held) remoteAnswer(d webrtc.SessionDescription, parsed *sdp) error {
	if err := checkAnswer(h.offered, parsed.sections()); err != nil {
		return err
	}
	heard, err := h.hearing(parsed, parsed.candidates()...)
	if err != nil {
		return err
	}
	if err := h.pc.Takes(d); err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if !h.pc.Concerned(parsed.sections()) {
		if h.remote == nil {
			h.remote = parsed.ufrags()
		}
		h.negotiated(parsed.sections(), h.offeredAs)
		return nil
	}
	if h.offer != nil {
		if err := h.commit(); err != nil {
			h.forget()
			return err
		}
	}
	d.SDP = withMids(d.SDP, h.offered)
	said := slices.Clip(h.offeredAs)
	for _, w := range h.pc.Wants() {
		if w.kind == "" { // if it is still there after the exchange we are told so
			said = append(said, w)
		}
	}
	if err := h.pc.SetRemoteDescription(d); err != nil {
		return err
	}
	h.hears(parsed, heard)
	if h.setup == "" || h.tagEnded(parsed.sections()) {
		h.setup = opposite(parsed.setup())
	}
	h.tag = parsed.tag()
	h.negotiated(parsed.sections(), said)
	return nil
}

// commit sets the held offer, now that its answer is here.
func (h *held) commit() error {
	err := h.pc.SetLocalDescription(*h.offer)
	if h.pc.Superseded(err) {
		again, createErr := h.pc.CreateOffer(false)
		if createErr != nil {
			return fmt.Errorf("%w: %w", ErrOffer, createErr)
		}
		if !sameOffer(again.SDP, h.offer.SDP) {
			return errSuperseded
		}
		err = h.pc.SetLocalDescription(again)
	}
	if err == nil {
		h.offer = nil
	}
	return err
}

// forget drops the pending offer. What it carried is still wanted.
func (h *held) forget() {
	h.offer, h.offered, h.offeredAs, h.restarting, h.again = nil, nil, nil, false, false
}

// negotiated is called with the sections of the answer, whoever gave it, and with
// what our side of the exchange said.
func (h *held) negotiated(answer []section, said []want) {
	if h.restarting {
		h.restart = h.again
	}
	answer = filled(answer, h.offered)
	for i := range answer {
		answer[i].rejected = answer[i].rejected || h.offered[i].rejected
	}
	h.sections = answer
	h.said = said
	h.forget()
}

// adopt takes over a connection that has negotiated before.
func (h *held) adopt(local, remote *webrtc.SessionDescription) error {
	if local == nil || remote == nil {
		return nil
	}
	ours, err := parse(local.SDP)
	if err != nil {
		return err
	}
	theirs, err := parse(remote.SDP)
	if err != nil {
		return err
	}
	if n, m := len(ours.sections()), len(theirs.sections()); n != m {
		return fmt.Errorf("%d media sections of ours and %d of theirs were negotiated", n, m)
	}
	h.ufrag, h.remote = ours.ufrag(), theirs.ufrags()
	h.setup = ours.setup()
	if local.Type == webrtc.SDPTypeOffer {
		h.setup = opposite(theirs.setup())
	}
	h.tag = ours.tag()
	h.offered = filled(theirs.sections(), ours.sections())
	h.negotiated(ours.sections(), nil) // what each section says is not known: offer it once more
	return nil
}

func opposite(setup string) string {
	return map[string]string{"active": "passive", "passive": "active"}[setup]
}
