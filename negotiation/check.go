package negotiation

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pion/webrtc/v4"
)

// checkDescription refuses an offer or answer that cannot be applied, before it
// touches a PeerConnection: pion changes its state before it validates, and has
// no way back.
// https://www.rfc-editor.org/rfc/rfc8829#section-5.8
func checkDescription(d webrtc.SessionDescription) (*sdp, error) {
	parsed, err := parse(d.SDP)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	for _, check := range []func(webrtc.SDPType, *sdp) error{
		checkSections, checkBundle, checkTransport, checkSetup,
	} {
		if err := check(d.Type, parsed); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrRefused, err)
		}
	}
	return parsed, nil
}

func checkSections(t webrtc.SDPType, d *sdp) error {
	if len(d.media) == 0 {
		return errors.New("the SDP has no media section")
	}
	for i, m := range d.media {
		if strings.Join(strings.Fields(m.line), " ") != strings.TrimRight(m.line, " ") { // RFC 8866 section 9
			return fmt.Errorf("the words of media section %d are not separated by one space", i)
		}
	}
	return checkMids(t, d.sections())
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
func checkBundle(_ webrtc.SDPType, d *sdp) error {
	all := d.sections()
	for _, mid := range d.bundle() {
		if !slices.ContainsFunc(all, func(s section) bool { return s.mid == mid }) {
			return fmt.Errorf("the BUNDLE group names the mid %q, which no media section has", mid)
		}
	}
	return nil
}

// checkTransport looks at ICE credentials and fingerprints wherever they stand,
// and wants them for the section that carries the transport.
// https://www.rfc-editor.org/rfc/rfc8839#section-5.4
func checkTransport(_ webrtc.SDPType, d *sdp) error {
	attributes := [][]attribute{d.attributes}
	for _, m := range d.media {
		attributes = append(attributes, m.attributes)
	}
	for _, list := range attributes {
		for _, a := range list {
			if err := checkTransportAttribute(a); err != nil {
				return err
			}
		}
	}

	for _, key := range []string{"ice-ufrag", "ice-pwd", "fingerprint"} {
		// Without any transport every section is rejected.
		if value, ok := d.transport(key); ok && value == "" {
			return fmt.Errorf("the SDP has no %s", key)
		}
	}
	return nil
}

func checkTransportAttribute(a attribute) error {
	switch a.key {
	case "ice-ufrag":
		if !iceChars(a.value, 4) {
			return errors.New("the ice-ufrag is not 4 to 256 characters of ICE's alphabet")
		}
	case "ice-pwd":
		if !iceChars(a.value, 22) {
			return errors.New("the ice-pwd is not 22 to 256 characters of ICE's alphabet")
		}
	case "fingerprint":
		return checkFingerprint(a.value)
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
func checkSetup(t webrtc.SDPType, d *sdp) error {
	for _, m := range d.media {
		switch setup := d.attribute(m, "setup"); setup {
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
