package negotiation

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/webrtc/v4"
)

// sdp is a session description cut into lines, as far as negotiation looks at
// it. What the lines say in detail is left to the PeerConnection.
// https://www.rfc-editor.org/rfc/rfc8866#section-5
type sdp struct {
	attributes []attribute
	media      []media
}

type media struct {
	line       string // what follows m=
	attributes []attribute
}

type attribute struct{ key, value string }

// section is what negotiation needs to know of one media section (m= line).
type section struct {
	mid      string
	kind     string // audio, video or application
	rejected bool   // port 0 and not bundle-only

	direction direction // of media

	extensions []string // of RTP headers: id and URI
}

// direction is what a transceiver wants, or a section says: a bit to send and one
// to receive.
type direction uint8

const (
	inactive direction = 0
	sendonly direction = 1
	recvonly direction = 2
	sendrecv direction = 3
)

func (d direction) String() string {
	return [...]string{"inactive", "sendonly", "recvonly", "sendrecv"}[d&sendrecv]
}

// reversed is d as the other side sees it.
func (d direction) reversed() direction { return d>>1&1 | d&1<<1 }

// directionOf reads a direction; what is none is sendrecv.
// https://www.rfc-editor.org/rfc/rfc8866#section-6.7
func directionOf(text string) direction {
	for d := inactive; d < sendrecv; d++ {
		if text == d.String() {
			return d
		}
	}
	return sendrecv
}

func parse(text string) (*sdp, error) {
	if !strings.HasPrefix(text, "v=0") {
		return nil, errors.New("not SDP: it does not begin with v=0")
	}
	d := &sdp{}
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimRight(line, "\r\n")
		kind, value, found := strings.Cut(line, "=")
		switch {
		case line == "":
		case !found || len(kind) != 1 || strings.Contains(line, "\r"): // pion would see several lines
			return nil, fmt.Errorf("not SDP: line %d", n)
		case kind == "m":
			d.media = append(d.media, media{line: value})
		case kind == "a":
			key, value, _ := strings.Cut(value, ":")
			list := &d.attributes
			if len(d.media) > 0 {
				list = &d.media[len(d.media)-1].attributes
			}
			*list = append(*list, attribute{key, value})
		}
	}
	return d, nil
}

func get(list []attribute, key string) (value string, ok bool) {
	for _, a := range list {
		if a.key == key {
			return a.value, true
		}
	}
	return "", false
}

func (d *sdp) sections() []section {
	list := make([]section, len(d.media))
	for i, m := range d.media {
		words := append(strings.Fields(m.line), "", "")
		mid, _ := get(m.attributes, "mid")
		_, bundleOnly := get(m.attributes, "bundle-only")
		list[i] = section{mid: mid, kind: words[0], rejected: words[1] == "0" && !bundleOnly}
		if words[0] != "application" {
			list[i].direction = d.direction(m)
			list[i].extensions = extensions(m)
		}
	}
	return list
}

func extensions(m media) (list []string) {
	for _, a := range m.attributes {
		if a.key == "extmap" {
			list = append(list, extension(a.value))
		}
	}
	return list
}

// extension is an extmap without the direction.
func extension(extmap string) string {
	place, uri, _ := strings.Cut(extmap, " ")
	id, _, _ := strings.Cut(place, "/")
	return id + " " + uri
}

func (d *sdp) direction(m media) direction {
	for _, list := range [][]attribute{m.attributes, d.attributes} {
		for _, a := range list {
			if dir := directionOf(a.key); a.key == dir.String() {
				return dir
			}
		}
	}
	return sendrecv
}

// bundle returns the mids of the BUNDLE group.
func (d *sdp) bundle() []string {
	for _, a := range d.attributes {
		if mids, found := strings.CutPrefix(strings.TrimRight(a.value, " "), "BUNDLE "); found && a.key == "group" {
			return strings.Split(mids, " ")
		}
	}
	return nil
}

// transport returns an attribute of the section whose transport all others
// share: the first of the BUNDLE group, or the first that is not rejected.
// Without such a section there is no transport.
func (d *sdp) transport(key string) (value string, ok bool) {
	group := d.bundle()
	for i, s := range d.sections() {
		if len(group) > 0 && s.mid == group[0] || len(group) == 0 && !s.rejected {
			return d.attribute(d.media[i], key), true
		}
	}
	return "", false
}

// attribute returns the value that m has, or inherits from the session level.
func (d *sdp) attribute(m media, key string) string {
	if value, ok := get(m.attributes, key); ok {
		return value
	}
	value, _ := get(d.attributes, key)
	return value
}

func (d *sdp) ufrag() string {
	value, _ := d.transport("ice-ufrag")
	return value
}

// ufrags returns those of all sections: they differ where there is no BUNDLE.
func (d *sdp) ufrags() []string {
	var list []string
	for _, m := range d.media {
		list = append(list, d.attribute(m, "ice-ufrag"))
	}
	return list
}

// setup returns the DTLS role that the description takes or offers.
func (d *sdp) setup() string {
	value, _ := d.transport("setup")
	return value
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

// withTag names the section first in the BUNDLE group that was first in the one
// negotiated before, because the transport of all is its own. To begin with that
// is the section of data channels: nobody stops it. When the first section is
// stopped or used again Chromium (156) makes a new transport, and pion cannot.
// https://www.rfc-editor.org/rfc/rfc8843#section-7.2.1
func withTag(text string, before []string) string {
	d, err := parse(text)
	if err != nil {
		return text
	}
	group, sections := d.bundle(), d.sections()
	i := slices.IndexFunc(group, func(mid string) bool {
		return len(before) > 0 && mid == before[0]
	})
	if i < 0 {
		i = slices.IndexFunc(group, func(mid string) bool {
			return slices.ContainsFunc(sections, func(s section) bool { return s.mid == mid && s.kind == "application" })
		})
	}
	if i <= 0 {
		return text
	}
	first := slices.Insert(slices.Delete(slices.Clone(group), i, i+1), 0, group[i])
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

// sameOffer tells whether two offers differ only in what changes by itself: the
// version in the o= line, and candidates.
func sameOffer(a, b string) bool {
	essence := func(text string) string {
		var kept strings.Builder
		for line := range strings.Lines(text) {
			if !strings.HasPrefix(line, "o=") && !strings.HasPrefix(line, "a=candidate:") && !strings.HasPrefix(line, "a=end-of-candidates") {
				kept.WriteString(line)
			}
		}
		return kept.String()
	}
	return essence(a) == essence(b)
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
