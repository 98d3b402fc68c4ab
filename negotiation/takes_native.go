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
	if len(sections) != len(d.MediaDescriptions) {
		return errors.New("what begins a media section is ambiguous")
	}
	if description.Type == webrtc.SDPTypeAnswer && p.pc.CurrentRemoteDescription() == nil && p.Concerned(sections) && allRejected(sections) {
		return errors.New("the answer rejects what pion has offered for good") // see Commits
	}
	if err := wholeCredentials(d); err != nil {
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
	return nil
}

// takesSection looks at the transceiver of a section: one with another kind would
// be used without a word, and one that sends must have a codec that the section
// offers.
func (p *pion) takesSection(m *pionsdp.MediaDescription, kind webrtc.RTPCodecType) error {
	offered, err := codecs(m)
	if err != nil {
		return err
	}
	mid, _ := m.Attribute("mid")
	t := p.transceiver(mid)
	switch {
	case t == nil:
	case t.Kind() != kind:
		return fmt.Errorf("the mid %q is that of a section of ours with kind %s, not %s", mid, t.Kind(), kind)
	case m.MediaName.Port.Value != 0 && !canSend(t, offered):
		return fmt.Errorf("media section %q has no codec that we can send", mid)
	}
	return nil
}

// suits tells whether t has a codec in common with each new section of its kind.
func (p *pion) suits(t *webrtc.RTPTransceiver, offer *pionsdp.SessionDescription) bool {
	for _, m := range offer.MediaDescriptions {
		mid, _ := m.Attribute("mid")
		offered, err := codecs(m)
		if err != nil || m.MediaName.Media == t.Kind().String() && p.transceiver(mid) == nil && !canSend(t, offered) {
			return false
		}
	}
	return true
}

// canSend tells whether t can send one of the codecs, or sends nothing.
func canSend(t *webrtc.RTPTransceiver, offered []pionsdp.Codec) bool {
	return t.Sender() == nil || slices.ContainsFunc(t.Sender().GetParameters().Codecs, func(ours webrtc.RTPCodecParameters) bool {
		return slices.ContainsFunc(offered, func(c pionsdp.Codec) bool {
			return strings.EqualFold(t.Kind().String()+"/"+c.Name, ours.MimeType)
		})
	})
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

// codecs returns the codecs of a media section.
func codecs(m *pionsdp.MediaDescription) ([]pionsdp.Codec, error) {
	if !isMedia(m.MediaName.Media) {
		return nil, nil
	}
	alone := &pionsdp.SessionDescription{MediaDescriptions: []*pionsdp.MediaDescription{m}}
	var list []pionsdp.Codec
	for _, format := range m.MediaName.Formats {
		payload, err := strconv.ParseUint(format, 10, 7)
		if err != nil {
			return nil, fmt.Errorf("payload type %q is not a number from 0 to 127", format)
		}
		codec, err := alone.GetCodecForPayloadType(uint8(payload))
		switch {
		case err == nil:
			if err := checkApt(codec.Fmtp); err != nil {
				return nil, err
			}
			list = append(list, codec)
		case payload != 0: // pion writes 0 into the sections that it rejects
			return nil, fmt.Errorf("payload type %d has no rtpmap", payload)
		}
	}
	return list, nil
}

// checkApt looks at the payload type that a retransmission belongs to.
// https://www.rfc-editor.org/rfc/rfc4588#section-8.1
func checkApt(fmtp string) error {
	for parameter := range strings.SplitSeq(fmtp, ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
		if !strings.EqualFold(key, "apt") {
			continue
		}
		if _, err := strconv.ParseUint(value, 10, 8); err != nil {
			return fmt.Errorf("apt %q is not a payload type", value)
		}
	}
	return nil
}

// usableCandidates refuses a section with candidates of which none can be used.
func usableCandidates(m *pionsdp.MediaDescription) error {
	var bad error
	for _, a := range m.Attributes {
		if !a.IsICECandidate() {
			continue
		}
		_, err := ice.UnmarshalCandidate(a.Value)
		if err == nil {
			return nil
		}
		bad = fmt.Errorf("no candidate can be used: %w", err)
	}
	return bad
}
