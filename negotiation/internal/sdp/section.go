package sdp

import "strings"

// Section is the part of a media section that negotiation must remember.
type Section struct {
	Mid      string
	Kind     string // audio, video or application
	Rejected bool   // port 0 and not bundle-only

	Direction  Direction // of media
	Extensions []string  // RTP header extensions: id and URI
}

// IsMedia reports whether a kind of section is audio or video.
func IsMedia(kind string) bool { return kind == "audio" || kind == "video" }

// Sections returns all sections.
func (d *Description) Sections() []Section {
	list := make([]Section, len(d.Media))
	for i, m := range d.Media {
		list[i] = m.Section
	}
	return list
}

// section parses the lines of a media section.
func (d *Description) section(l lines) Section {
	s := Section{}
	s.Mid, _ = l.Get("mid")
	n := 0
	for word := range strings.FieldsSeq(strings.TrimPrefix(l[0], "m=")) {
		if n++; n == 1 {
			s.Kind = word
			continue
		}
		s.Rejected = word == "0" && !l.Has("bundle-only")
		break
	}
	if s.Kind != "application" {
		directed := false
		if s.Direction, directed = l.direction(); !directed {
			s.Direction, _ = d.direction()
		}
		s.readExtensions(l)
	}
	return s
}

func (s *Section) readExtensions(l lines) {
	s.Extensions = nil
	for _, extmap := range l.Values("extmap") {
		s.Extensions = append(s.Extensions, extension(extmap))
	}
}

// extension returns an extmap without its direction.
func extension(extmap string) string {
	place, uri, _ := strings.Cut(extmap, " ")
	id, _, _ := strings.Cut(place, "/")
	return id + " " + uri
}

// Formats returns the payload types of the m= line.
func (m *Media) Formats() []string {
	if words := strings.Fields(m.lines[0]); len(words) > 3 {
		return words[3:]
	}
	return nil
}

// Protocol returns the transport protocol of the m= line.
func (m *Media) Protocol() string {
	if words := strings.Fields(m.lines[0]); len(words) > 2 {
		return words[2]
	}
	return ""
}

// AllRejected reports whether every section is rejected.
func AllRejected(list []Section) bool {
	for _, s := range list {
		if !s.Rejected {
			return false
		}
	}
	return true
}
