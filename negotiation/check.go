package negotiation

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pion/ice/v4"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
)

// section is what negotiation needs to know of one media section (m= line).
type section struct {
	mid      string
	kind     string // audio, video or application
	rejected bool   // port 0 and not bundle-only
}

// checkDescription refuses an offer or answer that cannot be applied, before it
// touches a PeerConnection: pion changes its state before it validates, and has
// no way back. It returns the parsed description.
// https://www.rfc-editor.org/rfc/rfc8829#section-5.8
func checkDescription(d webrtc.SessionDescription) (*sdp.SessionDescription, error) {
	parsed, err := d.Unmarshal()
	if err != nil {
		return nil, fmt.Errorf("%w: not SDP: %w", ErrRefused, err)
	}
	for _, check := range []func(webrtc.SDPType, *sdp.SessionDescription) error{
		checkSections, checkBundle, checkTransport, checkSetup, checkCandidates,
	} {
		if err := check(d.Type, parsed); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrRefused, err)
		}
	}
	return parsed, nil
}

func checkSections(t webrtc.SDPType, d *sdp.SessionDescription) error {
	if len(d.MediaDescriptions) == 0 {
		return errors.New("the SDP has no media section")
	}
	return checkMids(t, sections(d))
}

func checkMids(t webrtc.SDPType, list []section) error {
	var mids []string
	for i, s := range list {
		switch {
		case s.mid == "" && t == webrtc.SDPTypeAnswer && s.rejected:
			// pion answers so, and it is plain from the offer which mid is meant.
		case s.mid == "":
			return fmt.Errorf("media section %d has no mid", i)
		case strings.ContainsAny(s.mid, " \t"):
			return fmt.Errorf("media section %d has a mid with a space", i)
		case slices.Contains(mids, s.mid):
			return fmt.Errorf("two media sections have the mid %q", s.mid)
		default:
			mids = append(mids, s.mid)
		}
	}
	return nil
}

// https://www.rfc-editor.org/rfc/rfc8843#section-7
func checkBundle(_ webrtc.SDPType, d *sdp.SessionDescription) error {
	all := sections(d)
	for _, mid := range bundle(d) {
		if !slices.ContainsFunc(all, func(s section) bool { return s.mid == mid }) {
			return fmt.Errorf("the BUNDLE group names the mid %q, which no media section has", mid)
		}
	}
	return nil
}

// checkTransport looks at ICE credentials and fingerprints wherever they stand,
// and wants them for the section that carries the transport.
// https://www.rfc-editor.org/rfc/rfc8839#section-5.4
func checkTransport(_ webrtc.SDPType, d *sdp.SessionDescription) error {
	attributes := [][]sdp.Attribute{d.Attributes}
	for _, m := range d.MediaDescriptions {
		attributes = append(attributes, m.Attributes)
	}
	for _, list := range attributes {
		for _, a := range list {
			if err := checkTransportAttribute(a); err != nil {
				return err
			}
		}
	}

	carrier := transportSection(d)
	if carrier == nil {
		return nil // every section is rejected
	}
	for _, key := range []string{"ice-ufrag", "ice-pwd", "fingerprint"} {
		if attribute(d, carrier, key) == "" {
			return fmt.Errorf("the SDP has no %s", key)
		}
	}
	return nil
}

func checkTransportAttribute(a sdp.Attribute) error {
	switch a.Key {
	case "ice-ufrag":
		if !iceChars(a.Value, 4) {
			return errors.New("the ice-ufrag is not 4 to 256 characters of ICE's alphabet")
		}
	case "ice-pwd":
		if !iceChars(a.Value, 22) {
			return errors.New("the ice-pwd is not 22 to 256 characters of ICE's alphabet")
		}
	case "fingerprint":
		return checkFingerprint(a.Value)
	}
	return nil
}

func iceChars(s string, shortest int) bool {
	for _, r := range s {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '+', r == '/':
		case r == '-', r == '_', r == '=': // not in the RFC, but in the field
		default:
			return false
		}
	}
	return shortest <= len(s) && len(s) <= 256
}

// https://www.rfc-editor.org/rfc/rfc8122#section-5
func checkFingerprint(value string) error {
	sizes := map[string]int{"sha-1": 20, "sha-224": 28, "sha-256": 32, "sha-384": 48, "sha-512": 64}
	algorithm, digits, _ := strings.Cut(value, " ")
	size, known := sizes[strings.ToLower(algorithm)]
	if !known {
		return errors.New("the fingerprint's hash function is unknown")
	}
	if b, err := hex.DecodeString(strings.ReplaceAll(digits, ":", "")); err != nil || len(b) != size {
		return fmt.Errorf("the fingerprint is not a %s hash", algorithm)
	}
	return nil
}

// https://www.rfc-editor.org/rfc/rfc8842#section-5
func checkSetup(t webrtc.SDPType, d *sdp.SessionDescription) error {
	for _, m := range d.MediaDescriptions {
		switch setup := attribute(d, m, "setup"); setup {
		case "", "active", "passive":
		case "actpass":
			if t == webrtc.SDPTypeAnswer {
				return errors.New("an answer must choose a DTLS role, not actpass")
			}
		default:
			return fmt.Errorf("unknown DTLS role %q", setup)
		}
	}
	return nil
}

// checkCandidates refuses sections in which no candidate can be used although
// some are there, as pion does when it is too late.
func checkCandidates(_ webrtc.SDPType, d *sdp.SessionDescription) error {
	for _, m := range d.MediaDescriptions {
		var good int
		var bad error
		for _, a := range m.Attributes {
			if a.Key != "candidate" {
				continue
			}
			if _, err := ice.UnmarshalCandidate(a.Value); err != nil {
				bad = err
			} else {
				good++
			}
		}
		if good == 0 && bad != nil {
			return fmt.Errorf("no candidate can be used: %w", bad)
		}
	}
	return nil
}

// checkAnswer refuses an answer that does not fit the offer it answers.
// https://www.rfc-editor.org/rfc/rfc3264#section-6
func checkAnswer(offer, answer []section) error {
	if len(offer) != len(answer) {
		return fmt.Errorf("%w: the answer has %d media sections, the offer has %d", ErrRefused, len(answer), len(offer))
	}
	for i, o := range offer {
		a := answer[i]
		if a.mid != o.mid && (a.mid != "" || !a.rejected) {
			return fmt.Errorf("%w: media section %d has the mid %q in the answer, %q in the offer", ErrRefused, i, a.mid, o.mid)
		}
		if a.kind != o.kind {
			return fmt.Errorf("%w: media section %d is %s in the answer, %s in the offer", ErrRefused, i, a.kind, o.kind)
		}
	}
	return nil
}

// checkOffer refuses an offer that does not continue what was negotiated before:
// sections keep their place, and their mid and kind unless they were rejected.
// https://www.rfc-editor.org/rfc/rfc8829#section-5.2.2
func checkOffer(before, offer []section) error {
	if len(offer) < len(before) {
		return fmt.Errorf("%w: the offer has %d media sections, %d are negotiated", ErrRefused, len(offer), len(before))
	}
	for i, b := range before {
		if o := offer[i]; !b.rejected && (o.mid != b.mid || o.kind != b.kind) {
			return fmt.Errorf("%w: media section %d was %s with mid %q, the offer makes it %s with mid %q", ErrRefused, i, b.kind, b.mid, o.kind, o.mid)
		}
	}
	return nil
}
