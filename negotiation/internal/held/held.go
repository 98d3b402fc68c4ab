// Package held gives a PeerConnection without rollback the semantics of a browser's,
// which has it: a polite peer holds its offer back until the answer comes.
package held

import (
	"errors"
	"fmt"
	"slices"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/sdp"
	"perfect-negotiation/negotiation/trace"
)

// errSuperseded means that the application called CreateOffer between our offer and
// its answer. pion keeps only the last offer, so the answer cannot be used.
var errSuperseded = trace.Because(trace.Superseded, fmt.Errorf("%w: the application created another one before the answer came", ErrOffer))

// PeerConnection gives a [Connection] browser semantics. A polite peer holds its
// offer: it sends the offer and sets it only when the answer comes. If a remote offer
// collides, ours is dropped, and there is nothing to roll back. An impolite peer
// never rolls back, so it sets its offer at once if [Connection.Commits] allows it.
type PeerConnection struct {
	pc     Connection
	moves  bool // pc makes a new transport when the section that carries it ends
	Polite bool // hold offers

	Admit   func(candidate string) error // returns why a remote candidate is not used; a nil func admits all
	LeftOut func(error)                  // called when candidates of a remote description were left out
	State
}

// State is what a PeerConnection remembers between two calls.
type State struct {
	Pending *Pending            // our offer without an answer; nil if there is none
	Theirs  []sdp.Section       // sections of the remote offer that is not yet answered
	Spare   map[string][]string // its candidates that are used only if our answer tags their section, by mid
	Restart bool                // the next offer restarts ICE

	Sections   []sdp.Section // of the last answer
	Satisfied  []Want        // what pc wanted that the last exchange covered
	Ufrag      string        // of the last local description created
	Remote     []string      // ufrags of the last remote description applied
	Candidates Candidates    // received for these ufrags
	Setup      string        // our DTLS role, fixed for the life of the transport
	Bundle     []string      // mids of the BUNDLE group; the first is tagged, and carries the transport
}

// Pending is an offer that was sent and not yet answered. Rollback is dropping it.
type Pending struct {
	Local
	Sections []sdp.Section
	Wants    []Want // what pc wanted when the offer was created
	Set      bool   // pc has it as its local description; if not, it is held
	Restarts bool   // it restarts ICE
	Again    bool   // restart ICE once more after this exchange
}

// New returns a PeerConnection over pc. moves reports whether pc makes a new
// transport when the section that carries it ends.
func New(pc Connection, polite, moves bool) *PeerConnection {
	return &PeerConnection{pc: pc, Polite: polite, moves: moves}
}

// SignalingState returns have-local-offer also while the offer is held.
func (h *PeerConnection) SignalingState() webrtc.SignalingState {
	state := h.pc.SignalingState()
	if state == webrtc.SignalingStateStable && h.Holds() {
		return webrtc.SignalingStateHaveLocalOffer
	}
	return state
}

// Holds reports whether an offer is held: sent, but not set.
func (h *PeerConnection) Holds() bool { return h.Pending != nil && !h.Pending.Set }

// Needed reports whether an offer would say something that has not been negotiated.
// pion's own flag cannot be trusted: it fires only on changes, gets stuck, and fires
// forever for a recvonly remote section (pc:433).
func (h *PeerConnection) Needed() bool {
	if h.SignalingState() != webrtc.SignalingStateStable {
		return false
	}
	if h.Restart {
		return true
	}
	return slices.ContainsFunc(h.pc.Wants(), func(w Want) bool {
		there := w.Kind == "application" && w.in(h.Sections) // one section carries all channels
		return !there && !slices.Contains(h.Satisfied, w)
	})
}

// RestartICE implements negotiation.PeerConnection. A restart that the pending offer
// already carries does not count: its candidates were gathered before this call.
// https://www.w3.org/TR/webrtc/#dom-rtcpeerconnection-restartice
func (h *PeerConnection) RestartICE() {
	h.Restart = len(h.Sections) > 0 || h.Pending != nil || h.Theirs != nil
	if h.Pending != nil {
		h.Pending.Again = h.Pending.Restarts
	}
}

// SetLocalDescription implements negotiation.PeerConnection.
func (h *PeerConnection) SetLocalDescription() (webrtc.SessionDescription, error) {
	if h.Theirs != nil {
		return h.answer()
	}
	return h.offer()
}

func (h *PeerConnection) offer() (none webrtc.SessionDescription, err error) {
	if err := h.pc.NameSections(); err != nil {
		return none, err
	}
	p := &Pending{Restarts: h.Restart}
	p.Wants = h.pc.Wants() // first, so that later changes lead to another offer
	if p.Local, err = h.pc.CreateOffer(h.Restart); err != nil {
		return none, err
	}
	p.Wire.FillMids(h.Sections)
	p.Sections = p.Wire.Sections()
	if err := sdp.CheckMids(p.Sections); err != nil {
		return none, fmt.Errorf("%w; set AlwaysNegotiateDataChannels in the webrtc.Configuration", err)
	}
	if !h.Polite && h.pc.Commits(p.Sections) {
		if err := h.pc.SetLocalDescription(p.Made); err != nil {
			return none, err
		}
		p.Set = true
	}
	h.Pending = p
	h.gathers(p.Wire)
	return webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: p.Wire.String()}, nil
}

func (h *PeerConnection) answer() (none webrtc.SessionDescription, err error) {
	wants := h.pc.Wants()
	answer, err := h.pc.CreateAnswer()
	if err != nil {
		return none, err
	}
	if err := h.pc.SetLocalDescription(answer.Made); err != nil {
		return none, err
	}
	d := answer.Wire
	d.FillMids(h.Theirs)
	// pion answers with the direction that it wants, whatever was offered. Where the
	// answer must say less, there is nothing left to offer.
	// https://www.w3.org/TR/webrtc/#dfn-check-if-negotiation-is-needed
	d.LimitDirections(h.Theirs)
	d.KeepExtensions(h.Theirs)
	sections := d.Sections()
	h.gathers(d)
	// The DTLS role must not change (RFC 8842 section 5.3). But Firefox (153) may
	// change it on an ICE restart, and pion after an answer that rejects everything,
	// which states no role. pion accepts only the text it created, so edit what is
	// sent.
	if h.Setup == "" || h.tagEnded(sections) {
		h.Setup = d.Setup()
	} else {
		d.SetSetup(h.Setup)
	}
	h.Bundle = d.Bundle()
	wants = slices.DeleteFunc(wants, func(w Want) bool { return !w.in(sections) })
	spare := h.Spare
	h.negotiated(h.Theirs, sections, wants)
	h.addSpare(spare)
	return webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: d.String()}, nil
}

// tagEnded reports whether the section that carried the transport was stopped or
// reused, so that there is a new transport. Chromium (156) may take the other DTLS
// role in it.
func (h *PeerConnection) tagEnded(answer []sdp.Section) bool {
	return h.moves && len(h.Bundle) > 0 && !slices.ContainsFunc(answer, func(s sdp.Section) bool { return s.Mid == h.Bundle[0] && !s.Rejected })
}

// gathers is called with each local description created. One that rejects every
// section has no ICE credentials and changes none.
func (h *PeerConnection) gathers(local *sdp.Description) {
	if ufrag := local.Ufrag(); ufrag != "" {
		h.Ufrag = ufrag
	}
}

// SetRemoteDescription implements negotiation.PeerConnection.
func (h *PeerConnection) SetRemoteDescription(d webrtc.SessionDescription) error {
	remote := sdp.Parse(d.SDP)
	if d.Type == webrtc.SDPTypeAnswer {
		return h.remoteAnswer(remote)
	}
	return h.remoteOffer(remote)
}

func (h *PeerConnection) remoteOffer(offer *sdp.Description) error {
	offer.GiveMids(h.Sections)
	if err := offer.CheckOffer(h.Sections); err != nil {
		return Refused(err)
	}
	spare := offer.TakeSpare()
	candidates, left := h.admitAll(offer)
	plan, err := h.pc.Look(webrtc.SDPTypeOffer, offer)
	if err != nil {
		return Refused(err)
	}
	if err := plan.Apply(); err != nil {
		return err
	}
	h.forget() // this is the rollback
	h.Theirs, h.Spare = offer.Sections(), spare
	if ufrag := offer.Ufrag(); h.Remote != nil && !slices.Contains(h.Remote, ufrag) && ufrag != "" {
		h.Restart = false // their offer restarts ICE
	}
	h.admitted(offer, candidates, left)
	return nil
}

func (h *PeerConnection) remoteAnswer(answer *sdp.Description) error {
	if h.Pending == nil {
		return Refused(trace.Because(trace.NoOffer, errors.New("no offer of ours is pending")))
	}
	offered := h.Pending.Sections
	answer.FillMids(offered) // pion leaves out the mids of sections that it rejects
	if err := answer.CheckAnswer(offered); err != nil {
		return Refused(err)
	}
	answer.LimitDirections(offered)
	// webrtcbin (1.22) answers with the other DTLS role after its own first offer, and goes
	// on with the one that it has. Chromium refuses that.
	if h.Setup != "" && !h.tagEnded(answer.Sections()) {
		answer.SetSetup(opposite(h.Setup))
	}
	answer.TakeSpare()
	candidates, left := h.admitAll(answer)
	plan, err := h.pc.Look(webrtc.SDPTypeAnswer, answer)
	if err != nil {
		return Refused(err)
	}
	satisfied := h.Pending.Wants
	if plan.Empty() {
		if h.Remote == nil {
			h.Remote = answer.Ufrags()
		}
		h.negotiated(offered, answer.Sections(), satisfied)
		return nil
	}
	if !h.Pending.Set {
		if err := h.commit(); err != nil {
			h.forget()
			return err
		}
	}
	satisfied = slices.Clip(satisfied)
	for _, w := range h.pc.Wants() {
		if w.Kind == "" { // if it remains after the exchange, negotiationneeded fires again
			satisfied = append(satisfied, w)
		}
	}
	if err := plan.Apply(); err != nil {
		return err
	}
	h.admitted(answer, candidates, left)
	sections := answer.Sections()
	if h.Setup == "" || h.tagEnded(sections) {
		h.Setup = opposite(answer.Setup())
	}
	h.Bundle = answer.Bundle()
	h.negotiated(offered, sections, satisfied)
	return nil
}

// commit sets the held offer once its answer has come.
func (h *PeerConnection) commit() error {
	err := h.pc.SetLocalDescription(h.Pending.Made)
	if h.pc.Superseded(err) {
		again, createErr := h.pc.CreateOffer(false)
		if createErr != nil {
			return fmt.Errorf("%w: %w", ErrOffer, createErr)
		}
		again.Wire.FillMids(h.Sections)
		if !sdp.SameOffer(again.Wire, h.Pending.Wire) {
			return errSuperseded
		}
		err = h.pc.SetLocalDescription(again.Made)
	}
	h.Pending.Set = err == nil
	return err
}

// negotiated is called with the sections of an offer and its answer, from either
// side, and with the wants that the exchange satisfied.
func (h *PeerConnection) negotiated(offer, answer []sdp.Section, satisfied []Want) {
	if h.Pending != nil && h.Pending.Restarts {
		h.Restart = h.Pending.Again
	}
	for i := range answer {
		answer[i].Rejected = answer[i].Rejected || offer[i].Rejected
	}
	h.Sections, h.Satisfied = answer, satisfied
	h.forget()
}

// forget drops the pending offer, ours or theirs. What ours carried is still wanted.
func (h *PeerConnection) forget() { h.Pending, h.Theirs, h.Spare = nil, nil, nil }

// Adopt takes over a connection that has negotiated before.
func (h *PeerConnection) Adopt(before *Past) error {
	if before == nil {
		return nil
	}
	ours, theirs := before.Local, before.Remote
	if n, m := len(ours.Media), len(theirs.Media); n != m {
		return fmt.Errorf("%d media sections of ours and %d of theirs were negotiated", n, m)
	}
	h.Ufrag, h.Remote = ours.Ufrag(), theirs.Ufrags()
	h.Setup = ours.Setup()
	if before.Offered {
		h.Setup = opposite(theirs.Setup())
	}
	h.Bundle = before.Answer().Bundle()
	ours.FillMids(theirs.Sections())
	h.negotiated(theirs.Sections(), ours.Sections(), nil) // nothing is known to be satisfied: offer it all once more
	return nil
}

func opposite(setup string) string {
	return map[string]string{"active": "passive", "passive": "active"}[setup]
}
