package sdp

import (
	"slices"
	"strings"
)

// SetKind makes m a section of another kind.
func (m *Media) SetKind(kind string) {
	m.lines[0] = "m=" + kind + strings.TrimPrefix(m.lines[0], "m="+m.Kind)
	m.Kind = kind
}

// SetMid gives m a mid, where it has none, or another.
func (m *Media) SetMid(mid string) {
	if m.Mid == "" {
		m.Add("mid", mid)
	} else {
		m.replace("mid", func(string) string { return mid })
	}
	m.Mid = mid
}

// Rename gives m another mid, also in the BUNDLE group. If the group has the old one
// twice it is the last that is meant.
func (d *Description) Rename(m *Media, mid string) {
	if m.Mid == mid {
		return
	}
	group := d.Bundle()
	for i := len(group) - 1; i >= 0; i-- {
		if group[i] == m.Mid {
			group[i] = mid
			d.setBundle(group)
			break
		}
	}
	m.SetMid(mid)
}

// setBundle replaces the first BUNDLE group.
func (d *Description) setBundle(mids []string) {
	done := false
	d.replace("group", func(group string) string {
		if done || !strings.HasPrefix(group, "BUNDLE ") {
			return group
		}
		done = true
		return "BUNDLE " + strings.Join(mids, " ")
	})
}

// FillMids gives each section that has no mid that of the section in the same place
// of like. pion leaves the mid out of the sections that it rejects (sdp.go:611), and
// then neither side can make another offer.
func (d *Description) FillMids(like []Section) {
	for i, m := range d.Media {
		if m.Mid == "" && i < len(like) && like[i].Mid != "" {
			m.SetMid(like[i].Mid)
		}
	}
}

// SetSetup replaces the DTLS role wherever there is one.
func (d *Description) SetSetup(role string) {
	for _, l := range d.blocks() {
		l.replace("setup", func(string) string { return role })
	}
}

// SetTag names the section first in the BUNDLE group whose transport all others
// share. In an offer that is the one of the last answer, in an answer that of the
// offer, or the next of that group (before) which is still there. In a first offer it
// is the section of data channels, which never stops: when the tagged section is
// stopped or used again Chromium (156) makes a new transport, and pion cannot.
// https://www.rfc-editor.org/rfc/rfc9143#section-7
func (d *Description) SetTag(before []string) {
	group := d.Bundle()
	place := slices.IndexFunc(before, func(mid string) bool { return slices.Contains(group, mid) })
	var tag string
	switch {
	case place >= 0:
		tag = before[place]
	case before == nil:
		if i := slices.IndexFunc(d.Media, func(m *Media) bool { return m.Kind == "application" }); i >= 0 {
			tag = d.Media[i].Mid
		}
	}
	if i := slices.Index(group, tag); i > 0 {
		d.setBundle(slices.Insert(slices.Delete(group, i, i+1), 0, tag))
	}
}

// CollectCandidates puts all candidates into the section that has the transport.
func (d *Description) CollectCandidates() {
	tag := d.Tag()
	i := slices.IndexFunc(d.Media, func(m *Media) bool { return tag != "" && m.Mid == tag })
	if i < 0 {
		return
	}
	var all lines
	for _, m := range d.Media {
		all = append(all, m.takeCandidates()...)
	}
	d.Media[i].lines = append(d.Media[i].lines, all...)
}

// takeCandidates removes the candidates, and returns their lines.
func (m *Media) takeCandidates() (taken lines) {
	m.remove(func(line string) bool {
		key, _, _ := attribute(line)
		is := key == "candidate" || key == "end-of-candidates"
		if is {
			taken = append(taken, line)
		}
		return is
	})
	return taken
}

// Rejection returns a section that is rejected.
// https://www.rfc-editor.org/rfc/rfc3264#section-6
func Rejection(kind, mid string) *Media {
	what := "UDP/TLS/RTP/SAVPF 0"
	if kind == "application" {
		what = "UDP/DTLS/SCTP webrtc-datachannel"
	}
	m := &Media{Section: Section{Mid: mid, Kind: kind, Rejected: true}}
	m.lines = lines{"m=" + kind + " 0 " + what + "\r\n", "c=IN IP4 0.0.0.0\r\n", written("mid", mid), written("inactive", "")}
	return m
}

// Rejecting returns an answer that rejects each section of an offer.
func Rejecting(offered []Section) *Description {
	d := Parse("v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n")
	for _, s := range offered {
		d.Media = append(d.Media, Rejection(s.Kind, s.Mid))
	}
	return d
}
