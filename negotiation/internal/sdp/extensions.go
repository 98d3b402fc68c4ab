package sdp

import (
	"slices"
	"strconv"
	"strings"
)

// RenumberExtensions changes ids of header extensions that are not unique, as they
// must be within a BUNDLE group. Extensions of negotiated sections keep their ids,
// even if the section is rejected now: a section that only one side has rejected is
// still alive to Chromium (156).
// https://www.rfc-editor.org/rfc/rfc9143#section-10
func (d *Description) RenumberExtensions(negotiated []Section) {
	ids, uris := map[string]string{}, map[string]string{} // of each other
	keep := func(rejected bool) {
		for _, s := range negotiated {
			if s.Rejected && !rejected {
				continue
			}
			for _, extension := range s.Extensions {
				if id, uri, _ := strings.Cut(extension, " "); ids[uri] == "" && uris[id] == "" {
					ids[uri], uris[id] = id, uri
				}
			}
		}
	}
	keep(false)
	keep(true)
	for _, m := range d.Media {
		m.replace("extmap", func(extmap string) string {
			id, uri, _ := strings.Cut(extension(extmap), " ")
			switch known, taken := ids[uri], uris[id] != ""; {
			case known != "":
				id = known
			case taken:
				id = free(uris)
			}
			ids[uri], uris[id] = id, uri
			place, _, _ := strings.Cut(extmap, " ")
			if _, direction, directed := strings.Cut(place, "/"); directed {
				id += "/" + direction
			}
			return id + " " + uri
		})
		m.readExtensions(m.lines)
	}
}

// free returns the first unused id. 15 is reserved.
// https://www.rfc-editor.org/rfc/rfc8285#section-4.2
func free(used map[string]string) string {
	for n := 1; ; n++ {
		if id := strconv.Itoa(n); n != 15 && used[id] == "" {
			return id
		}
	}
}

// KeepExtensions removes the header extensions that were not offered in the same
// section. pion lists in each section what it has negotiated for all sections of that
// kind.
// https://www.rfc-editor.org/rfc/rfc8285#section-6
func (d *Description) KeepExtensions(offered []Section) {
	for i, m := range d.Media {
		var those []string
		if i < len(offered) {
			those = offered[i].Extensions
		}
		m.keepExtensions(those)
	}
}

// RepeatExtensions leaves out of an offer the header extensions that were not negotiated in
// the same section. pion says of each section what it has negotiated for all of that kind.
func (d *Description) RepeatExtensions(negotiated []Section) {
	for _, m := range d.Media {
		for _, s := range negotiated {
			if s.Mid == m.Mid && !s.Rejected {
				m.keepExtensions(s.Extensions)
			}
		}
	}
}

func (m *Media) keepExtensions(those []string) {
	m.remove(func(line string) bool {
		extmap, ok := valueOf(line, "extmap")
		return ok && !slices.Contains(those, extension(extmap))
	})
	m.readExtensions(m.lines)
}
