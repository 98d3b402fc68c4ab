package sdp

import (
	"slices"
	"strconv"
	"strings"
)

// SetKind changes the kind of m.
func (m *Media) SetKind(kind string) {
	m.lines[0] = "m=" + kind + strings.TrimPrefix(m.lines[0], "m="+m.Kind)
	m.Kind = kind
}

// Plain returns a copy with the attributes only; the other lines get the values that
// they have in every WebRTC description, so that a stricter parser finds no fault
// with them.
// https://www.rfc-editor.org/rfc/rfc8829#section-5.2.1
func (d *Description) Plain() *Description {
	plain := blank()
	plain.addAttributes(d.lines)
	for _, m := range d.Media {
		c := &Media{Section: m.Section, lines: lines{"", connectionLine}}
		c.SetFormats(m.Formats())
		c.addAttributes(m.lines)
		plain.Media = append(plain.Media, c)
	}
	return plain
}

const connectionLine = "c=IN IP4 0.0.0.0\r\n"

func blank() *Description {
	return &Description{lines: lines{"v=0\r\n", "o=- 0 0 IN IP4 0.0.0.0\r\n", "s=-\r\n", "t=0 0\r\n"}}
}

func (l *lines) addAttributes(of lines) {
	for _, line := range of {
		if key, value, ok := attribute(line); ok && key != "" {
			l.Add(key, value)
		}
	}
}

// SetFormats replaces the payload types of the m= line.
func (m *Media) SetFormats(list []string) {
	port, what := " 9", " UDP/TLS/RTP/SAVPF "
	if m.Rejected {
		port = " 0"
	}
	if m.Kind == "application" {
		what, list = " UDP/DTLS/SCTP ", []string{"webrtc-datachannel"}
	} else if len(list) == 0 {
		list = []string{"0"}
	}
	m.lines[0] = "m=" + m.Kind + port + what + strings.Join(list, " ") + "\r\n"
}

// SetProtocol replaces the transport protocol of the m= line.
func (m *Media) SetProtocol(to string) {
	words := strings.Fields(m.lines[0])
	words[2] = to
	m.lines[0] = strings.Join(words, " ") + "\r\n"
}

// Drop removes the attributes for which those returns true.
func (l *lines) Drop(those func(key, value string) bool) {
	l.remove(func(line string) bool {
		key, value, ok := attribute(line)
		return ok && those(key, value)
	})
}

// SetMid sets or replaces the mid of m.
func (m *Media) SetMid(mid string) {
	if m.Mid == "" {
		m.Drop(func(key, _ string) bool { return key == "mid" }) // an empty mid
		m.Add("mid", mid)
	} else {
		m.replace("mid", func(string) string { return mid })
	}
	m.Mid = mid
}

// Rename changes the mid of m, also in the BUNDLE group. If the group lists the old
// mid twice, the last one is changed.
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

// Remove takes those sections out, also of the BUNDLE group.
func (d *Description) Remove(those func(*Media) bool) {
	group := d.Bundle()
	d.Media = slices.DeleteFunc(d.Media, func(m *Media) bool {
		remove := those(m)
		if remove {
			group = slices.DeleteFunc(group, func(mid string) bool { return mid == m.Mid })
			d.SetBundle(group)
		}
		return remove
	})
}

// Cut leaves the first n sections, also of the BUNDLE group.
func (d *Description) Cut(n int) {
	var rest []*Media
	if n < len(d.Media) {
		rest = d.Media[n:]
	}
	d.Remove(func(m *Media) bool { return slices.Contains(rest, m) })
}

// SetBundle replaces all groups of d by this BUNDLE group; nil: by none.
func (d *Description) SetBundle(mids []string) {
	d.Drop(func(key, _ string) bool { return key == "group" })
	if len(mids) > 0 {
		d.Add("group", "BUNDLE "+strings.Join(mids, " "))
	}
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

// FillMids gives each section without a mid the mid of the section at the same index
// of like. pion omits the mid of sections that it rejects (sdp.go:611), and then
// neither side can make another offer.
func (d *Description) FillMids(like []Section) {
	for i, m := range d.Media {
		if m.Mid == "" && i < len(like) && like[i].Mid != "" {
			m.SetMid(like[i].Mid)
		}
	}
}

// GiveMids gives each section of an offer without a mid the mid negotiated before at
// the same index, or else a new one.
// https://www.rfc-editor.org/rfc/rfc8829#section-5.10
func (d *Description) GiveMids(before []Section) {
	n := 0
	for i, m := range d.Media {
		if m.Mid == "" && i < len(before) && (m.Rejected || !before[i].Rejected) {
			m.SetMid(before[i].Mid)
		}
		for ; m.Mid == ""; n++ {
			mid := "m" + strconv.Itoa(n)
			has := func(s Section) bool { return s.Mid == mid }
			if !slices.ContainsFunc(d.Sections(), has) && !slices.ContainsFunc(before, has) {
				m.SetMid(mid)
			}
		}
	}
}

// SetSetup replaces the DTLS role wherever one is stated.
func (d *Description) SetSetup(role string) {
	for _, l := range d.blocks() {
		l.replace("setup", func(string) string { return role })
	}
}

// SetTag puts the section that carries the transport first in the BUNDLE group.
// before is the group of the last answer, for an offer, or of the offer, for an
// answer: the first of it that still exists is the one. In a first offer it is the
// section of data channels, which never stops: when the tagged section is stopped or
// reused, Chromium (156) makes a new transport, and pion cannot.
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

// CollectCandidates moves all candidates into the section that carries the transport.
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

// Rejection returns a rejected section.
// https://www.rfc-editor.org/rfc/rfc3264#section-6
func Rejection(kind, mid string) *Media {
	m := &Media{Section{Mid: mid, Kind: kind, Rejected: true}, lines{"", connectionLine, written("mid", mid), written("inactive", "")}}
	m.SetFormats(nil)
	return m
}

// Rejecting returns an answer that rejects every section of an offer.
func Rejecting(offered []Section) *Description {
	d := blank()
	for _, s := range offered {
		d.Media = append(d.Media, Rejection(s.Kind, s.Mid))
	}
	return d
}
