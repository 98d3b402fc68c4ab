package sdp

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"perfect-negotiation/negotiation/trace"
)

// CheckOffer returns an error if d cannot be an offer after these negotiated
// sections: they must keep their place, and unless they were rejected also their mid
// and kind.
// https://www.rfc-editor.org/rfc/rfc8829#section-5.2.2
func (d *Description) CheckOffer(before []Section) error {
	if err := d.check(false); err != nil {
		return err
	}
	return trace.Because(trace.OfferMismatch, d.continues(before))
}

func (d *Description) continues(before []Section) error {
	if len(d.Media) < len(before) {
		return fmt.Errorf("the offer has %d media sections, %d are negotiated", len(d.Media), len(before))
	}
	for i, b := range before {
		if o := d.Media[i]; !b.Rejected && (o.Mid != b.Mid || o.Kind != b.Kind) {
			return fmt.Errorf("media section %d was %s with mid %q, the offer makes it %s with mid %q", i, b.Kind, b.Mid, o.Kind, o.Mid)
		}
	}
	return nil
}

// CheckAnswer returns an error if d cannot be the answer to an offer with these
// sections.
// https://www.rfc-editor.org/rfc/rfc3264#section-6
func (d *Description) CheckAnswer(offer []Section) error {
	if err := d.check(true); err != nil {
		return err
	}
	return trace.Because(trace.AnswerMismatch, d.answers(offer))
}

func (d *Description) answers(offer []Section) error {
	if len(offer) != len(d.Media) {
		return fmt.Errorf("the answer has %d media sections, the offer has %d", len(d.Media), len(offer))
	}
	for i, o := range offer {
		a := d.Media[i]
		if a.Mid != o.Mid {
			return fmt.Errorf("media section %d has the mid %q in the answer, %q in the offer", i, a.Mid, o.Mid)
		}
		if a.Kind != o.Kind {
			return fmt.Errorf("media section %d is %s in the answer, %s in the offer", i, a.Kind, o.Kind)
		}
	}
	return nil
}

// check checks the rules for all descriptions.
// https://www.rfc-editor.org/rfc/rfc8829#section-5.8
func (d *Description) check(answer bool) error {
	if err := d.checkLines(); err != nil {
		return trace.Because(trace.NotSDP, err)
	}
	if err := d.checkSections(); err != nil {
		return trace.Because(trace.BadSection, err)
	}
	if err := CheckMids(d.Sections()); err != nil {
		return trace.Because(trace.BadMid, err)
	}
	if err := d.checkBundle(); err != nil {
		return trace.Because(trace.BadBundle, err)
	}
	if err := d.CheckTransport(d.Carrier()); err != nil {
		return err
	}
	return trace.Because(trace.BadSetup, d.checkSetup(answer))
}

func (d *Description) checkLines() error {
	if len(d.lines) == 0 || !strings.HasPrefix(d.lines[0], "v=0") {
		return errors.New("not SDP: it does not begin with v=0")
	}
	n := 0
	for _, l := range d.blocks() {
		for _, line := range l {
			n++
			line = content(line)
			// Other parsers would take a \r in between for the end of a line.
			if line != "" && (len(line) < 2 || line[1] != '=' || strings.Contains(line, "\r")) {
				return fmt.Errorf("not SDP: line %d", n)
			}
		}
	}
	return nil
}

// blocks returns the session-level lines and those of each section.
func (d *Description) blocks() []lines {
	list := []lines{d.lines}
	for _, m := range d.Media {
		list = append(list, m.lines)
	}
	return list
}

func (d *Description) checkSections() error {
	if len(d.Media) == 0 {
		return errors.New("the SDP has no media section")
	}
	for i, m := range d.Media {
		line := strings.TrimPrefix(content(m.lines[0]), "m=")
		if strings.Join(strings.Fields(line), " ") != strings.TrimRight(line, " ") { // RFC 8866 section 9
			return fmt.Errorf("the words of media section %d are not separated by one space", i)
		}
		if m.Kind == "" { // an answer would have to repeat it
			return fmt.Errorf("media section %d is of no kind", i)
		}
	}
	return nil
}

// CheckMids returns an error unless each section has a unique mid.
func CheckMids(list []Section) error {
	var mids []string
	for i, s := range list {
		switch {
		case s.Mid == "":
			return fmt.Errorf("media section %d has no mid", i)
		case strings.ContainsAny(s.Mid, " \t"):
			return fmt.Errorf("media section %d has a mid with a space", i)
		case slices.Contains(mids, s.Mid):
			return fmt.Errorf("two media sections have the mid %q", s.Mid)
		default:
			mids = append(mids, s.Mid)
		}
	}
	return nil
}

// https://www.rfc-editor.org/rfc/rfc9143#section-7
func (d *Description) checkBundle() error {
	for _, mid := range d.Bundle() {
		if !slices.ContainsFunc(d.Media, func(m *Media) bool { return m.Mid == mid }) {
			return fmt.Errorf("the BUNDLE group names the mid %q, which no media section has", mid)
		}
	}
	return nil
}

// CheckTransport checks the ICE credentials and the fingerprint of m, which carries the
// transport. Those of other sections do not count. If m is nil, every section is
// rejected.
// https://www.rfc-editor.org/rfc/rfc8839#section-5.4
func (d *Description) CheckTransport(m *Media) error {
	if m == nil {
		return nil
	}
	for _, s := range shortest {
		if !iceChars(d.Attribute(m, s.key), s.size) {
			return trace.Because(trace.BadTransport, fmt.Errorf("the SDP has no %s of %d to 256 characters of ICE's alphabet", s.key, s.size))
		}
	}
	_, err := d.fingerprint(m)
	return trace.Because(trace.BadTransport, err)
}

var shortest = []struct {
	key  string
	size int
}{{"ice-ufrag", 4}, {"ice-pwd", 22}}

// Fingerprint returns the first usable fingerprint of the transport.
// https://www.rfc-editor.org/rfc/rfc8122#section-5
func (d *Description) Fingerprint() (string, error) {
	if m := d.Carrier(); m != nil {
		return d.fingerprint(m)
	}
	return "", nil
}

func (d *Description) fingerprint(m *Media) (string, error) {
	list := m.Values("fingerprint")
	if len(list) == 0 {
		list = d.Values("fingerprint")
	}
	err := errors.New("the SDP has no fingerprint")
	for _, value := range list {
		if err = checkFingerprint(value); err == nil {
			return value, nil
		}
	}
	return "", err
}

func iceChars(s string, shortest int) bool {
	for _, r := range s {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '+', r == '/':
		case r == '-', r == '_', r == '=': // not in the RFC, but in use
		default:
			return false
		}
	}
	return shortest <= len(s) && len(s) <= 256
}

// hashes are the sizes of the hash functions, in bytes.
var hashes = map[string]int{"sha-1": 20, "sha-224": 28, "sha-256": 32, "sha-384": 48, "sha-512": 64}

func checkFingerprint(value string) error {
	algorithm, digits, _ := strings.Cut(value, " ")
	size, known := hashes[strings.ToLower(algorithm)]
	if !known {
		return errors.New("the fingerprint's hash function is unknown")
	}
	if !isHash(digits, size) {
		return fmt.Errorf("the fingerprint is not a %s hash", algorithm)
	}
	return nil
}

// isHash reports whether s is a hash of so many bytes: pairs of hexadecimal digits, with
// colons between them.
// https://www.rfc-editor.org/rfc/rfc8122#section-5
func isHash(s string, size int) bool {
	if len(s) != 3*size-1 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		digit := '0' <= c && c <= '9' || 'A' <= c && c <= 'F' || 'a' <= c && c <= 'f'
		if colon := i%3 == 2; colon && c != ':' || !colon && !digit {
			return false
		}
	}
	return true
}

// https://www.rfc-editor.org/rfc/rfc8842#section-5
func (d *Description) checkSetup(answer bool) error {
	for _, m := range d.Media {
		switch setup := d.Attribute(m, "setup"); setup {
		case "", "active", "passive":
		case "actpass":
			if answer {
				return errors.New("an answer must choose a DTLS role, not actpass")
			}
		default:
			return fmt.Errorf("unknown DTLS role %q", setup)
		}
	}
	return nil
}
