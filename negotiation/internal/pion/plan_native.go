//go:build !js

package pion

import (
	"errors"
	"slices"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/held"
	"perfect-negotiation/negotiation/internal/sdp"
	"perfect-negotiation/negotiation/trace"
)

// pionPlan is what a remote description will have pion do. All that there is to find
// in the text is found: pion changes its state before it validates, and has no way
// back.
type plan struct {
	*Connection
	remote   *sdp.Description // as on the wire
	shown    webrtc.SessionDescription
	sections []sdp.Section            // on the wire
	seen     []sdp.Section            // those that pion is to see
	meaning  map[payload]codec        // of the payload types that it has seen then
	ended    []*webrtc.RTPTransceiver // whose section is rejected
	reserved []*webrtc.RTPTransceiver // not to be used for a new section
}

// look is a remote description while it is looked at.
type look struct {
	pion         *Connection
	kind         webrtc.SDPType
	remote       *sdp.Description
	sections     []sdp.Section
	formats      [][]format // of each section
	transceivers map[string]*webrtc.RTPTransceiver
}

// Look implements [held.Connection].
func (p *Connection) Look(kind webrtc.SDPType, remote *sdp.Description) (held.Plan, error) {
	l := &look{pion: p, kind: kind, remote: remote, sections: remote.Sections(), transceivers: map[string]*webrtc.RTPTransceiver{}}
	all := p.pc.GetTransceivers()
	for _, t := range slices.Backward(all) { // the first of a mid counts
		if mid := t.Mid(); mid != "" {
			l.transceivers[mid] = t
		}
	}
	if err := l.check(); err != nil {
		return nil, err
	}
	shown := remote.Clone()
	to := &plan{Connection: p, remote: remote, sections: l.sections, seen: l.show(shown)}
	to.shown = webrtc.SessionDescription{Type: kind, SDP: shown.String()}
	if whole, err := to.shown.Unmarshal(); err != nil {
		return nil, trace.Because(trace.NotSDP, err)
	} else if len(whole.MediaDescriptions) != len(shown.Media) {
		return nil, trace.Because(trace.NotSDP, errors.New("what begins a media section is ambiguous"))
	}
	var err error
	if to.meaning, err = l.meanings(); err != nil {
		return nil, trace.Because(trace.PayloadTypeMoved, err)
	}
	if kind == webrtc.SDPTypeOffer {
		for _, s := range l.sections {
			if t := l.transceivers[s.Mid]; t != nil && s.Rejected {
				to.ended = append(to.ended, t)
			}
		}
		for _, t := range all {
			if l.reserves(t) {
				to.reserved = append(to.reserved, t)
			}
		}
	}
	return to, nil
}

// reserves reports whether pion must not use t for a new section: one that only
// sends, where the other side sends (it may have no receiver), and one that has no
// codec in common with a new section of its kind.
func (l *look) reserves(t *webrtc.RTPTransceiver) bool {
	if t.Mid() != "" {
		return false
	}
	if t.Direction() == webrtc.RTPTransceiverDirectionSendonly {
		return true
	}
	for i, s := range l.sections {
		if s.Kind == t.Kind().String() && !l.hides(i) && l.transceivers[s.Mid] == nil && !l.pion.fits(t, l.formats[i]) {
			return true
		}
	}
	return false
}

// empty implements [plan]: pion need not hear of an answer that rejects all where its
// offer is held.
func (to *plan) Empty() bool {
	return to.shown.Type == webrtc.SDPTypeAnswer && to.pc.SignalingState() != webrtc.SignalingStateHaveLocalOffer && sdp.AllRejected(to.sections)
}

// apply implements [plan].
func (to *plan) Apply() error {
	p := to.Connection
	defer p.endReads(p.pc.GetReceivers())
	if to.shown.Type == webrtc.SDPTypeAnswer {
		p.remember(to.remote)
		p.seen, p.meaning = to.seen, to.meaning
		p.awaitICE()
		return p.senders.exchange(p.pc, to.sections, func() error { return p.pc.SetRemoteDescription(to.shown) }, p.unsent)
	}
	for _, t := range to.ended {
		if err := t.Stop(); err != nil {
			return err
		}
	}
	if p.unseen = len(to.seen) == 0; p.unseen {
		p.order = to.sections
		return nil
	}
	p.remember(to.remote)
	p.offered, p.seen, p.meaning = to.sections, to.seen, to.meaning
	for _, t := range to.reserved {
		if err := p.name(t); err != nil {
			return err
		}
	}
	p.awaitICE()
	return p.pc.SetRemoteDescription(to.shown)
}
