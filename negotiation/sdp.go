package negotiation

import (
	"strings"

	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
)

func sections(d *sdp.SessionDescription) []section {
	list := make([]section, len(d.MediaDescriptions))
	for i, m := range d.MediaDescriptions {
		mid, _ := m.Attribute("mid")
		_, bundleOnly := m.Attribute("bundle-only")
		list[i] = section{mid: mid, kind: m.MediaName.Media, rejected: m.MediaName.Port.Value == 0 && !bundleOnly}
	}
	return list
}

// bundle returns the mids of the BUNDLE group.
func bundle(d *sdp.SessionDescription) []string {
	for _, a := range d.Attributes {
		if mids, found := strings.CutPrefix(a.Value, "BUNDLE"); found && a.Key == "group" {
			return strings.Fields(mids)
		}
	}
	return nil
}

// transportSection returns the section whose transport all others share: the
// first of the BUNDLE group, or the first that is not rejected. It is nil if
// there is none.
func transportSection(d *sdp.SessionDescription) *sdp.MediaDescription {
	if group := bundle(d); len(group) > 0 {
		for i, s := range sections(d) {
			if s.mid == group[0] {
				return d.MediaDescriptions[i]
			}
		}
	}
	for i, s := range sections(d) {
		if !s.rejected {
			return d.MediaDescriptions[i]
		}
	}
	return nil
}

// attribute returns the value that m has, or inherits from the session level.
func attribute(d *sdp.SessionDescription, m *sdp.MediaDescription, key string) string {
	if value, ok := m.Attribute(key); ok {
		return value
	}
	value, _ := d.Attribute(key)
	return value
}

// transport returns the ICE username fragment and the DTLS role (a=setup) of
// the section that carries the transport.
func transport(d *sdp.SessionDescription) (ufrag, setup string) {
	m := transportSection(d)
	if m == nil {
		return "", ""
	}
	return attribute(d, m, "ice-ufrag"), attribute(d, m, "setup")
}

// filled returns list with the mids of like where it has none. pion leaves the
// mid out of the sections that it rejects (sdp.go:607 of v4.2.20), and then
// neither side can make another offer.
func filled(list, like []section) []section {
	for i := range list {
		if list[i].mid == "" && i < len(like) {
			list[i].mid = like[i].mid
		}
	}
	return list
}

// withMids does to the text of a description what filled does to its sections.
func withMids(text string, like []section) string {
	head, media := splitSections(text)
	for i, m := range media {
		if i < len(like) && like[i].mid != "" && !strings.Contains(m, "\r\na=mid:") {
			media[i] = m + "a=mid:" + like[i].mid + "\r\n"
		}
	}
	return head + strings.Join(media, "")
}

// withSetup replaces the DTLS role in every section of text.
func withSetup(text, setup string) string {
	lines := strings.SplitAfter(text, "\r\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "a=setup:") {
			lines[i] = "a=setup:" + setup + "\r\n"
		}
	}
	return strings.Join(lines, "")
}

// sameOffer tells whether two offers differ only in what changes by itself: the
// version in the o= line, and candidates.
func sameOffer(a, b string) bool {
	essence := func(text string) string {
		var kept []string
		for line := range strings.Lines(text) {
			if !strings.HasPrefix(line, "o=") && !strings.HasPrefix(line, "a=candidate:") && !strings.HasPrefix(line, "a=end-of-candidates") {
				kept = append(kept, line)
			}
		}
		return strings.Join(kept, "")
	}
	return essence(a) == essence(b)
}

// splitSections cuts text before each m= line.
func splitSections(text string) (head string, media []string) {
	for line := range strings.Lines(text) {
		switch {
		case strings.HasPrefix(line, "m="):
			media = append(media, line)
		case len(media) > 0:
			media[len(media)-1] += line
		default:
			head += line
		}
	}
	return head, media
}

// candidateUfrag returns the ufrag of a candidate, from the field or from the
// text, or "" if it has none.
func candidateUfrag(c webrtc.ICECandidateInit) string {
	if c.UsernameFragment != nil && *c.UsernameFragment != "" {
		return *c.UsernameFragment
	}
	words := strings.Fields(c.Candidate)
	for i, word := range words {
		if word == "ufrag" && i+1 < len(words) {
			return words[i+1]
		}
	}
	return ""
}
