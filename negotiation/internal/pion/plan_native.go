//go:build !js

package pion

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/held"
	"perfect-negotiation/negotiation/internal/sdp"
	"perfect-negotiation/negotiation/trace"
)

// plan implements [held.Plan]. Everything that can be found in the text was found:
// pion changes its state before it validates, and has no way back.
type plan struct {
	*look
	shown   webrtc.SessionDescription
	edited  *sdp.Description  // shown, parsed
	seen    []sdp.Section     // sections shown to pion
	meaning map[payload]codec // of all payload types seen by pion after this description

	ended []*webrtc.RTPTransceiver          // their section is rejected
	taken map[string]*webrtc.RTPTransceiver // by new sections, by mid
}

// look is a remote description under examination.
type look struct {
	pion         *Connection
	kind         webrtc.SDPType
	remote       *sdp.Description // as received
	sections     []sdp.Section
	parts        []part // one per section
	transceivers map[string]*webrtc.RTPTransceiver
	wishes       map[*webrtc.RTPTransceiver]wish // as far as known, see wish
}

// part is the decision about one section.
type part struct {
	offered []format // that pion can read
	formats []format // of these, those that are used
	hidden  bool     // not shown to pion: rejected by the other side or by us
	why     error    // why it is rejected by us, if worth reporting
}

// Look implements [held.Connection].
func (p *Connection) Look(kind webrtc.SDPType, remote *sdp.Description) (held.Plan, error) {
	l := &look{pion: p, kind: kind, remote: remote, sections: remote.Sections(), transceivers: map[string]*webrtc.RTPTransceiver{}, wishes: map[*webrtc.RTPTransceiver]wish{}}
	all := p.pc.GetTransceivers()
	for _, t := range slices.Backward(all) { // the first transceiver with a mid wins
		if mid := t.Mid(); mid != "" {
			l.transceivers[mid] = t
		}
	}
	to := &plan{look: l, meaning: maps.Clone(p.meaning)}
	if to.meaning == nil {
		to.meaning = map[payload]codec{}
	}
	for i := range l.sections {
		part, err := l.part(i, to.meaning)
		if err != nil {
			return nil, err
		}
		l.parts = append(l.parts, part)
	}
	if err := l.check(); err != nil {
		return nil, err
	}
	shown := l.show()
	for i, s := range l.sections {
		if !l.parts[i].hidden {
			to.seen = append(to.seen, s)
		}
	}
	to.edited = shown
	to.shown = webrtc.SessionDescription{Type: kind, SDP: shown.String()}
	if whole, err := to.shown.Unmarshal(); err != nil {
		return nil, trace.Because(trace.NotSDP, err)
	} else if len(whole.MediaDescriptions) != len(shown.Media) {
		return nil, trace.Because(trace.NotSDP, errors.New("what begins a media section is ambiguous"))
	}
	if kind == webrtc.SDPTypeOffer {
		for i, s := range l.sections {
			if t := l.transceivers[s.Mid]; t != nil && l.parts[i].hidden {
				to.ended = append(to.ended, t)
			}
			if i < len(p.order) && p.order[i].Mid != s.Mid { // the place of a section that is rejected is used again
				if t := l.transceivers[p.order[i].Mid]; t != nil {
					to.ended = append(to.ended, t)
				}
			}
		}
		to.taken = l.take(all)
	}
	return to, nil
}

// part decides about a section, and adds the meaning of its payload types. Whatever
// pion cannot handle costs a format or the section, not the description.
// https://www.rfc-editor.org/rfc/rfc3264#section-6
func (l *look) part(i int, meaning map[payload]codec) (part, error) {
	s, m := l.sections[i], l.remote.Media[i]
	switch t := l.transceivers[s.Mid]; {
	case s.Rejected:
		return part{hidden: true}, nil
	case !l.remote.Bundled(m):
		return part{hidden: true, why: trace.Because(trace.NotBundled, fmt.Errorf("media section %q is not in the BUNDLE group, and there is one transport", s.Mid))}, nil
	case s.Kind == "application":
		return part{}, nil
	case !sdp.IsMedia(s.Kind):
		return part{hidden: true}, nil
	default:
		err := trace.Because(trace.BadCodecs, fewLines(m))
		var formats, agreed []format
		if err == nil {
			formats = l.formats(i, m)
			agreed = l.pion.agree(meaning, s.Kind, formats)
			if !l.common(t, agreed) {
				err = trace.Because(trace.NoCommonCodec, fmt.Errorf("media section %q has no codec in common with ours", s.Mid))
				if len(agreed) < len(formats) {
					err = trace.Because(trace.PayloadTypeMoved, fmt.Errorf("a payload type of media section %q means another codec", s.Mid))
				}
			} else if s.Direction&sdp.Recvonly != 0 && !l.pion.applied.has(i, s.Mid, agreed) {
				err = l.pion.keeps(s.Mid, t, agreed)
			}
		}
		if err != nil && l.kind == webrtc.SDPTypeAnswer {
			return part{}, err // we offered all we have
		}
		return part{formats, agreed, err != nil, err}, nil
	}
}

// formats returns the formats of a section that pion can read.
func (l *look) formats(i int, m *sdp.Media) []format {
	if before := l.pion.applied; before != nil && i < len(before.parts) && before.parts[i].offered != nil && sameFormats(m, before.remote.Media[i]) {
		return before.parts[i].offered
	}
	return readFormats(m)
}

// moved returns the formats that are left out because their payload type meant another
// codec.
func (p part) moved() []format {
	return slices.DeleteFunc(slices.Clone(p.offered), func(f format) bool { return slices.Contains(p.formats, f) })
}

// has reports whether a section has these codecs; l may be nil.
func (l *look) has(i int, mid string, formats []format) bool {
	return l != nil && i < len(l.parts) && l.sections[i].Mid == mid && !l.parts[i].hidden && slices.Equal(l.parts[i].formats, formats)
}

// common reports whether the transceiver of a section, or a new one if t is nil, can
// use one of the codecs.
func (l *look) common(t *webrtc.RTPTransceiver, offered []format) bool {
	if t == nil {
		return l.kind == webrtc.SDPTypeAnswer || !l.pion.lacks(offered)
	}
	return l.fits(t, offered)
}

// wish returns what the application wants of a transceiver before the description is
// applied.
func (l *look) wish(t *webrtc.RTPTransceiver) wish {
	w, known := l.wishes[t]
	if !known {
		w = l.pion.preferences.of(t)
		l.wishes[t] = w
	}
	return w
}

// Empty implements [held.Plan]: an answer that rejects everything need not be passed
// to pion while its offer is held.
func (to *plan) Empty() bool {
	return to.kind == webrtc.SDPTypeAnswer && to.pion.pc.SignalingState() != webrtc.SignalingStateHaveLocalOffer && sdp.AllRejected(to.sections)
}

// Apply implements [held.Plan].
func (to *plan) Apply() error {
	p := to.pion
	defer p.endReads(p.pc.GetReceivers())
	defer to.tell()
	if to.kind == webrtc.SDPTypeAnswer {
		p.agreed = to.remote
		p.remember(to.remote)
		p.seen, p.meaning = to.seen, to.meaning
		p.awaitICE()
		if err := to.apply(func() error {
			return p.senders.exchange(p.pc, func() error { return p.pc.SetRemoteDescription(to.shown) })
		}); err != nil {
			return err
		}
		p.start(to.sections)
		return nil
	}
	for _, t := range to.ended {
		if err := p.end(t); err != nil {
			return err
		}
	}
	if p.unseen = len(to.seen) == 0; p.unseen {
		p.order = to.sections
		return nil
	}
	p.remember(to.remote)
	p.offered, p.seen, p.meaning = to.sections, to.seen, to.meaning
	if err := to.associate(); err != nil {
		return err
	}
	p.awaitICE()
	return to.apply(func() error { return p.pc.SetRemoteDescription(to.shown) })
}

// apply has pion take the description by set, and narrows the codecs of each section to
// those of the description.
func (to *plan) apply(set func() error) error {
	p := to.pion
	if p.preferences == nil {
		p.preferences = preferences{}
	}
	for _, t := range p.pc.GetTransceivers() {
		to.wish(t)
	}
	same := to.sameCodecs(p.applied)
	p.applied = nil
	if err := set(); err != nil {
		return err
	}
	if err := to.move(); err != nil {
		return err
	}
	for i, s := range to.sections {
		t := p.transceiver(s.Mid)
		if t == nil || to.parts[i].hidden || same && to.wishes[t].isSet {
			continue
		}
		wish := to.wishes[t]
		if from := to.taken[s.Mid]; from != nil {
			wish = to.wishes[from]
		}
		if err := p.preferences.set(t, wish.codecs, to.parts[i]); err != nil {
			return err
		}
	}
	p.applied = to.look
	p.revive(to.seen)
	p.learn(to.edited)
	return nil
}

// sameCodecs reports whether the sections have the codecs that they had in a description
// before, so that pion has learned nothing of codecs since.
func (l *look) sameCodecs(before *look) bool {
	return before != nil && slices.EqualFunc(l.sections, before.sections, func(a, b sdp.Section) bool { return a.Mid == b.Mid }) &&
		slices.EqualFunc(l.parts, before.parts, func(a, b part) bool {
			return a.hidden == b.hidden && slices.Equal(a.offered, b.offered) && slices.Equal(a.formats, b.formats)
		})
}

// tell reports each section that is rejected by us, once for as long as it stays
// rejected.
func (to *plan) tell() {
	p := to.pion
	var told []string
	for i, part := range to.parts {
		if mid := to.sections[i].Mid; part.why != nil && p.rejected != nil {
			if told = append(told, mid); !slices.Contains(p.told, mid) {
				p.rejected(part.why)
			}
		}
	}
	p.told = told
}
