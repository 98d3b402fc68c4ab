// Package sdp parses, checks, edits and writes session descriptions, as far as
// negotiation depends on them. The detailed content of lines is left to the
// PeerConnection.
package sdp

import (
	"slices"
	"strings"
)

// Description is a session description: the session-level lines and the media
// sections. Lines that are not edited are written as they were read.
// https://www.rfc-editor.org/rfc/rfc8866#section-5
type Description struct {
	lines
	Media []*Media
}

// Media is a media section and its lines.
type Media struct {
	Section
	lines // the m= line is the first
}

// Parse parses a description. It accepts any text: lines that are not SDP are kept in
// place, and refused only by [Description.CheckOffer] and [Description.CheckAnswer].
func Parse(text string) *Description {
	all := make(lines, 0, strings.Count(text, "\n")+1)
	for line := range strings.Lines(text) {
		all = append(all, line)
	}
	d := &Description{}
	d.lines, all = all.cut(0)
	for len(all) > 0 {
		m := &Media{}
		m.lines, all = all.cut(1)
		m.Section = d.section(m.lines)
		d.Media = append(d.Media, m)
	}
	return d
}

// String returns the text of d.
func (d *Description) String() string {
	size := d.size()
	for _, m := range d.Media {
		size += m.size()
	}
	var b strings.Builder
	b.Grow(size)
	d.write(&b)
	for _, m := range d.Media {
		m.write(&b)
	}
	return b.String()
}

// Clone returns a deep copy.
func (d *Description) Clone() *Description {
	c := &Description{lines: slices.Clone(d.lines)}
	for _, m := range d.Media {
		c.Media = append(c.Media, &Media{m.Section, slices.Clone(m.lines)})
	}
	return c
}

// Bundle returns the mids of the BUNDLE group; nil: there is none.
// https://www.rfc-editor.org/rfc/rfc9143#section-7
func (d *Description) Bundle() []string {
	if mids := d.bundle(); mids != "" {
		return strings.Split(mids, " ")
	}
	return nil
}

// bundle returns what stands after BUNDLE.
func (d *Description) bundle() string {
	for _, line := range d.lines {
		if group, ok := valueOf(line, "group"); ok {
			if mids, found := strings.CutPrefix(strings.TrimRight(group, " "), "BUNDLE "); found {
				return mids
			}
		}
	}
	return ""
}

// Tag returns the mid of the BUNDLE-tagged section, the first of the group, whose
// transport all others share; empty: there is no group.
func (d *Description) Tag() string {
	tag, _, _ := strings.Cut(d.bundle(), " ")
	return tag
}

// Transport returns an attribute of the section that carries the transport: the first
// of the BUNDLE group, or else the first that is not rejected. ok is false if there
// is no such section or attribute.
func (d *Description) Transport(key string) (value string, ok bool) {
	if m := d.Carrier(); m != nil {
		return d.Attribute(m, key), true
	}
	return "", false
}

// Carrier returns the section that carries the transport; nil: there is none.
func (d *Description) Carrier() *Media {
	tag := d.Tag()
	for _, m := range d.Media {
		if tag != "" && m.Mid == tag || tag == "" && !m.Rejected {
			return m
		}
	}
	return nil
}

// Bundled reports whether m uses the transport of the description: it is in the
// BUNDLE group or, without a group, the first section that is not rejected.
// https://www.rfc-editor.org/rfc/rfc9143#section-7
func (d *Description) Bundled(m *Media) bool {
	if group := d.Bundle(); group != nil {
		return slices.Contains(group, m.Mid)
	}
	return m == d.Carrier()
}

// Attribute returns the value that m has, or inherits from the session level.
func (d *Description) Attribute(m *Media, key string) string {
	if value, ok := m.Get(key); ok {
		return value
	}
	value, _ := d.Get(key)
	return value
}

// Ufrag returns the ufrag of the transport; empty: all sections are rejected.
func (d *Description) Ufrag() string {
	value, _ := d.Transport("ice-ufrag")
	return value
}

// Ufrags returns the ufrags of all sections, which differ if there is no BUNDLE.
func (d *Description) Ufrags() []string {
	var list []string
	for _, m := range d.Media {
		list = append(list, d.Attribute(m, "ice-ufrag"))
	}
	return list
}

// Setup returns the DTLS role that the description takes or offers.
// https://www.rfc-editor.org/rfc/rfc8842#section-5.2
func (d *Description) Setup() string {
	value, _ := d.Transport("setup")
	return value
}

// Candidates returns the candidates of all sections, without "candidate:".
func (d *Description) Candidates() []string {
	var list []string
	for _, m := range d.Media {
		list = append(list, m.Values("candidate")...)
	}
	return list
}

// SameOffer reports whether two offers differ only in what changes by itself: the
// version in the o= line, and candidates.
func SameOffer(a, b *Description) bool {
	essence := func(d *Description) string {
		d = d.Clone()
		d.remove(func(line string) bool { return strings.HasPrefix(line, "o=") })
		for _, m := range d.Media {
			m.takeCandidates()
		}
		return d.String()
	}
	return essence(a) == essence(b)
}
