package negotiation

import (
	"slices"
	"strconv"
	"strings"
)

// filled returns list with the mids of like where it has none. pion leaves the
// mid out of the sections that it rejects (sdp.go:611), and then
// neither side can make another offer.
func filled(list, like []section) []section {
	for i := range list {
		if list[i].mid == "" && i < len(like) {
			list[i].mid = like[i].mid
		}
	}
	return list
}

// ended returns text with an end to its last line, so that another may follow.
func ended(text string) string {
	if strings.HasSuffix(text, "\n") {
		return text
	}
	return text + "\r\n"
}

// withMids does to the text of a description what filled does to its sections.
func withMids(text string, like []section) string {
	var b strings.Builder
	i := -1
	named := true
	end := func() {
		if !named && i < len(like) && like[i].mid != "" {
			b.WriteString("a=mid:" + like[i].mid + "\r\n")
		}
	}
	for line := range strings.Lines(ended(text)) {
		if strings.HasPrefix(line, "m=") {
			end()
			i++
			named = false
		}
		named = named || strings.HasPrefix(line, "a=mid:")
		b.WriteString(line)
	}
	end()
	return b.String()
}

// withDirections gives each section of media the direction that it has in list.
func withDirections(text string, list []section) string {
	var b strings.Builder
	i := -1
	directed := true
	end := func() {
		if !directed {
			b.WriteString("a=" + list[i].direction.String() + "\r\n")
		}
	}
	for line := range strings.Lines(ended(text)) {
		if strings.HasPrefix(line, "m=") {
			end()
			i++
			directed = i >= len(list) || list[i].kind == "application"
		}
		if name, _ := strings.CutPrefix(strings.TrimSpace(line), "a="); i < 0 || directed || name != directionOf(name).String() {
			b.WriteString(line)
		}
	}
	end()
	return b.String()
}

// withSetup replaces the DTLS role in every section of text.
func withSetup(text, setup string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "a=setup:") {
			line = "a=setup:" + setup + "\r\n"
		}
		b.WriteString(line)
	}
	return b.String()
}

// withExtensions gives header extensions other ids where two of them have the
// same, which must not be in a BUNDLE group. Those of the sections that were
// negotiated keep theirs, also of those that are rejected now: a section that only
// one side has rejected is alive to Chromium (156).
// https://www.rfc-editor.org/rfc/rfc8843#section-10
func withExtensions(text string, negotiated []section) string {
	ids, uris := map[string]string{}, map[string]string{} // of each other
	keep := func(list []section) {
		for _, s := range list {
			for _, extension := range s.extensions {
				if id, uri, _ := strings.Cut(extension, " "); ids[uri] == "" && uris[id] == "" {
					ids[uri], uris[id] = id, uri
				}
			}
		}
	}
	keep(slices.DeleteFunc(slices.Clone(negotiated), func(s section) bool { return s.rejected }))
	keep(negotiated)
	var b strings.Builder
	for line := range strings.Lines(text) {
		if extmap, found := strings.CutPrefix(line, "a=extmap:"); found {
			id, uri, _ := strings.Cut(extension(strings.TrimSpace(extmap)), " ")
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
			line = "a=extmap:" + id + " " + uri + "\r\n"
		}
		b.WriteString(line)
	}
	return b.String()
}

// withOffered leaves out the header extensions that were not offered.
// https://www.rfc-editor.org/rfc/rfc8285#section-6
func withOffered(text string, list []section) string {
	var b strings.Builder
	i := -1
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "m=") {
			i++
		}
		extmap, found := strings.CutPrefix(strings.TrimSpace(line), "a=extmap:")
		if !found || i >= 0 && i < len(list) && slices.Contains(list[i].extensions, extension(extmap)) {
			b.WriteString(line)
		}
	}
	return b.String()
}

// withTag names the section first in the BUNDLE group whose transport all others
// share. In an offer that is the one of the last answer, in an answer that of the
// offer, or the next of that group which is still there. In a first offer it is the
// section of data channels, which nobody stops: when the tagged section is stopped or
// used again Chromium (156) makes a new transport, and pion cannot.
// https://www.rfc-editor.org/rfc/rfc9143#section-7
func withTag(text string, before []string) string {
	d, err := parse(text)
	if err != nil {
		return text
	}
	group, sections := d.bundle(), d.sections()
	place := slices.IndexFunc(before, func(mid string) bool { return slices.Contains(group, mid) })
	var tag string
	switch {
	case place >= 0:
		tag = before[place]
	case before == nil:
		data := slices.IndexFunc(sections, func(s section) bool { return s.kind == "application" })
		if data >= 0 {
			tag = sections[data].mid
		}
	}
	i := slices.Index(group, tag)
	if i <= 0 {
		return text
	}
	first := slices.Insert(slices.Delete(slices.Clone(group), i, i+1), 0, tag)
	return strings.Replace(text, "BUNDLE "+strings.Join(group, " "), "BUNDLE "+strings.Join(first, " "), 1)
}

// free returns the first id that is not in use. 15 means something else.
// https://www.rfc-editor.org/rfc/rfc8285#section-4.2
func free(used map[string]string) string {
	for n := 1; ; n++ {
		if id := strconv.Itoa(n); n != 15 && used[id] == "" {
			return id
		}
	}
}
