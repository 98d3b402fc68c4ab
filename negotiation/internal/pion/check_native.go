//go:build !js

package pion

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/ice/v4"
	pionsdp "github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/sdp"
	"perfect-negotiation/negotiation/trace"
)

// check finds what pion would choke on only after it has changed its state.
func (l *look) check() error {
	p := l.pion
	if l.kind == webrtc.SDPTypeAnswer && p.pc.CurrentRemoteDescription() == nil && p.pc.SignalingState() == webrtc.SignalingStateHaveLocalOffer && sdp.AllRejected(l.sections) {
		// See Commits.
		return trace.Because(trace.AllRejected, errors.New("the answer rejects what pion has offered for good"))
	}
	if err := wholeCredentials(l.remote); err != nil {
		return trace.Because(trace.BadTransport, err)
	}
	if err := p.oneEncryption(l.remote); err != nil {
		return trace.Because(trace.BadEncryption, err)
	}
	for _, m := range l.remote.Media {
		if err := usableCandidates(m); err != nil {
			return trace.Because(trace.BadCandidate, err)
		}
		var offered []format
		if sdp.IsMedia(strings.ToLower(m.Kind)) {
			var err error
			if offered, err = l.checkMedia(m); err != nil {
				return err
			}
		}
		l.formats = append(l.formats, offered)
	}
	return nil
}

// checkMedia looks at a section of media, and returns its codecs.
func (l *look) checkMedia(m *sdp.Media) ([]format, error) {
	if err := readableExtensions(m); err != nil {
		return nil, trace.Because(trace.BadExtension, err)
	}
	if err := oneTrack(m); err != nil {
		return nil, trace.Because(trace.PlanB, err)
	}
	offered, err := formats(m)
	if err != nil {
		return nil, trace.Because(trace.BadCodecs, err)
	}
	return offered, l.checkTransceiver(m, offered)
}

// checkTransceiver looks at the transceiver of a section: one with another kind would
// be used without a word, and with one that is left without a codec pion can make
// no offer any more.
func (l *look) checkTransceiver(m *sdp.Media, offered []format) error {
	t := l.transceivers[m.Mid]
	switch {
	case t == nil:
	case t.Kind().String() != strings.ToLower(m.Kind):
		return trace.Because(trace.BadMid, fmt.Errorf("the mid %q is that of a section of ours with kind %s, not %s", m.Mid, t.Kind(), m.Kind))
	case !m.Rejected && !l.pion.fits(t, offered):
		return trace.Because(trace.NoCommonCodec, fmt.Errorf("media section %q has no codec in common with ours", m.Mid))
	}
	return nil
}

// wholeCredentials refuses ICE credentials that are half in the session and half in a
// section. pion takes both from the one that has the ufrag.
func wholeCredentials(d *sdp.Description) error {
	whole := d.Has("ice-ufrag") == d.Has("ice-pwd")
	for _, m := range d.Media {
		if !whole || m.Has("ice-ufrag") != m.Has("ice-pwd") {
			return errors.New("ice-ufrag and ice-pwd are in different places")
		}
	}
	return nil
}

// oneEncryption refuses headers that are encrypted in some sections of media, or in
// none where the application wants them to be. pion looks at that first, but a held
// offer is set by then. What the transport's section says holds for all that share it.
// https://www.rfc-editor.org/rfc/rfc9335#section-4
func (p *Connection) oneEncryption(d *sdp.Description) error {
	policy := p.pc.GetConfiguration().RTPHeaderEncryptionPolicy
	if d.Has(pionsdp.AttrKeyCryptex) || policy == webrtc.RTPHeaderEncryptionPolicyDisable {
		return nil
	}
	group := d.Bundle()
	shared := slices.ContainsFunc(d.Media, func(m *sdp.Media) bool {
		return m.Has(pionsdp.AttrKeyCryptex) && len(group) > 0 && m.Mid == group[0]
	})
	some, others := false, false
	for _, m := range d.Media {
		if m.Kind == "application" || m.Rejected {
			continue
		}
		encrypted := m.Has(pionsdp.AttrKeyCryptex) || shared && slices.Contains(group, m.Mid)
		some, others = some || encrypted, others || !encrypted
	}
	switch {
	case some && others:
		return errors.New("cryptex is in some media sections and not in others")
	case others && policy == webrtc.RTPHeaderEncryptionPolicyRequire:
		return errors.New("cryptex is required and not in the description")
	}
	return nil
}

func readableExtensions(m *sdp.Media) error {
	for _, extmap := range m.Values(pionsdp.AttrKeyExtMap) {
		if err := new(pionsdp.ExtMap).Unmarshal(pionsdp.AttrKeyExtMap + ":" + extmap); err != nil {
			return fmt.Errorf("extmap %q: %w", extmap, err)
		}
	}
	return nil
}

// oneTrack refuses several tracks in one section, which was Plan B. pion takes
// every SSRC that repairs no other for a track, unless rids tell them apart.
func oneTrack(m *sdp.Media) error {
	if m.Has("rid") && m.Has("msid") {
		return nil
	}
	sources, repairs := map[string]bool{}, map[string]bool{}
	for _, ssrc := range m.Values("ssrc") {
		id, _, _ := strings.Cut(ssrc, " ")
		sources[id] = true
	}
	for _, group := range m.Values("ssrc-group") {
		words := strings.Split(group, " ")
		if len(words) == 3 && (words[0] == "FID" || words[0] == "FEC-FR") && isNumber(words[1]) {
			repairs[words[2]] = true
		}
	}
	maps.DeleteFunc(sources, func(ssrc string, _ bool) bool { return repairs[ssrc] })
	if len(sources) > 1 {
		return fmt.Errorf("a media section has %d tracks: use a section for each (Unified Plan)", len(sources))
	}
	return nil
}

func isNumber(ssrc string) bool {
	_, err := strconv.ParseUint(ssrc, 10, 32)
	return err == nil
}

// usableCandidates refuses a section if pion can read none of its candidates. It
// passes over those of a type or a network that it does not know.
func usableCandidates(m *sdp.Media) error {
	var bad error
	for _, candidate := range m.Values("candidate") {
		_, err := ice.UnmarshalCandidate(candidate)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, ice.ErrUnknownCandidateTyp), errors.Is(err, ice.ErrDetermineNetworkType):
			continue
		}
		bad = fmt.Errorf("no candidate can be used: %w", err)
	}
	return bad
}
