//go:build !js

package negotiation

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
)

// Takes finds what pion would choke on only after it has changed its state.
func (p *pion) Takes(description webrtc.SessionDescription) error {
	d, err := description.Unmarshal()
	if err != nil {
		return err
	}
	parsed, err := parse(description.SDP)
	if err != nil {
		return err
	}
	sections := parsed.sections()
	if description.Type == webrtc.SDPTypeAnswer && p.pc.CurrentRemoteDescription() == nil && p.Concerned(sections) && allRejected(sections) {
		return errors.New("the answer rejects what pion has offered for good") // see Commits
	}
	if err := wholeCredentials(d); err != nil {
		return err
	}
	if err := p.oneEncryption(d, parsed.bundle()); err != nil {
		return err
	}
	for _, m := range d.MediaDescriptions {
		if err := usableCandidates(m); err != nil {
			return err
		}
		kind := webrtc.NewRTPCodecType(strings.ToLower(m.MediaName.Media))
		if kind == 0 {
			continue
		}
		for _, a := range m.Attributes {
			if a.Key == pionsdp.AttrKeyExtMap {
				if err := new(pionsdp.ExtMap).Unmarshal(a.String()); err != nil {
					return fmt.Errorf("extmap %q: %w", a.Value, err)
				}
			}
		}
		if err := oneTrack(m); err != nil {
			return err
		}
		if err := p.takesSection(m, kind); err != nil {
			return err
		}
	}
	_, err = p.sight(description)
	return err
}

// takesSection looks at the transceiver of a section: one with another kind would
// be used without a word, and with one that is left without a codec pion can make
// no offer any more.
func (p *pion) takesSection(m *pionsdp.MediaDescription, kind webrtc.RTPCodecType) error {
	offered, err := formats(m)
	if err != nil {
		return err
	}
	mid, _ := m.Attribute("mid")
	t := p.transceiver(mid)
	switch {
	case t == nil:
	case t.Kind() != kind:
		return fmt.Errorf("the mid %q is that of a section of ours with kind %s, not %s", mid, t.Kind(), kind)
	case m.MediaName.Port.Value != 0 && !p.fits(t, offered):
		return fmt.Errorf("media section %q has no codec in common with ours", mid)
	}
	return nil
}

// wholeCredentials refuses ICE credentials of which half is in the session and
// half in a section. pion takes both from the one that has the ufrag.
func wholeCredentials(d *pionsdp.SessionDescription) error {
	_, ufrag := d.Attribute("ice-ufrag")
	_, pwd := d.Attribute("ice-pwd")
	for _, m := range d.MediaDescriptions {
		_, theirUfrag := m.Attribute("ice-ufrag")
		_, theirPwd := m.Attribute("ice-pwd")
		if ufrag != pwd || theirUfrag != theirPwd {
			return errors.New("ice-ufrag and ice-pwd are in different places")
		}
	}
	return nil
}

// oneEncryption refuses headers that are encrypted in some sections of media, or in
// none where the application wants them to be. pion looks at that first, but a held
// offer is set by then. What the transport's section says holds for all that share it.
// https://www.rfc-editor.org/rfc/rfc9335#section-4
func (p *pion) oneEncryption(d *pionsdp.SessionDescription, group []string) error {
	policy := p.pc.GetConfiguration().RTPHeaderEncryptionPolicy
	if _, all := d.Attribute(pionsdp.AttrKeyCryptex); all || policy == webrtc.RTPHeaderEncryptionPolicyDisable {
		return nil
	}
	shared := false
	for _, m := range d.MediaDescriptions {
		mid, _ := m.Attribute("mid")
		_, encrypted := m.Attribute(pionsdp.AttrKeyCryptex)
		shared = shared || encrypted && len(group) > 0 && mid == group[0]
	}
	some, others := false, false
	for _, m := range d.MediaDescriptions {
		mid, _ := m.Attribute("mid")
		_, bundleOnly := m.Attribute("bundle-only")
		if m.MediaName.Media == "application" || m.MediaName.Port.Value == 0 && !bundleOnly {
			continue
		}
		_, encrypted := m.Attribute(pionsdp.AttrKeyCryptex)
		encrypted = encrypted || shared && slices.Contains(group, mid)
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

// oneTrack refuses several tracks in one section, which was Plan B. pion takes
// every SSRC that repairs no other for a track, unless rids tell them apart.
func oneTrack(m *pionsdp.MediaDescription) error {
	_, rids := m.Attribute("rid")
	_, named := m.Attribute("msid")
	if rids && named {
		return nil
	}
	sources, repairs := map[string]bool{}, map[string]bool{}
	for _, a := range m.Attributes {
		words := strings.Split(a.Value, " ")
		switch a.Key {
		case "ssrc":
			sources[words[0]] = true
		case "ssrc-group":
			if len(words) == 3 && (words[0] == "FID" || words[0] == "FEC-FR") && isNumber(words[1]) {
				repairs[words[2]] = true
			}
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

// usableCandidates refuses a section with candidates of which pion can read none. It
// passes over those of a type or a network that it does not know.
func usableCandidates(m *pionsdp.MediaDescription) error {
	var bad error
	for _, a := range m.Attributes {
		if !a.IsICECandidate() {
			continue
		}
		_, err := ice.UnmarshalCandidate(a.Value)
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
