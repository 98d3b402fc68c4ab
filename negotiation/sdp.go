package negotiation

import (
	"errors"
	"fmt"
	"strings"
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

// tag returns the mid of the section whose transport all others share, or nothing
// where there is no BUNDLE group.
func (d *sdp) tag() string {
	if group := d.bundle(); len(group) > 0 {
		return group[0]
	}
	return ""
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

// candidates returns those of all sections.
func (d *sdp) candidates() (list []string) {
	for _, m := range d.media {
		for _, a := range m.attributes {
			if a.key == "candidate" {
				list = append(list, a.value)
			}
		}
	}
	return list
}
