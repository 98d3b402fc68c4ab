//go:build !js

package pion

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	pionsdp "github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/sdp"
)

// extensions are the ids of the header extensions that pion has negotiated, by URI.
// pion keeps one numbering for all sections and never forgets an entry, even when the
// section ends (mediaengine.go:556). An extension with two ids would be offered twice in
// each section of its kind, and sent under either id. So pion is shown neither a second id
// for an extension nor a second extension for an id: such a section does without it.
type extensions map[string]string

// admit reports whether an extension fits those that are known, and adds it.
func (e extensions) admit(extmap string) bool {
	read := &pionsdp.ExtMap{}
	if read.Unmarshal(pionsdp.AttrKeyExtMap+":"+extmap) != nil {
		return false
	}
	id, uri := strconv.Itoa(read.Value), read.URI.String()
	for known, its := range e {
		if (known == uri) != (its == id) {
			return false
		}
	}
	e[uri] = id
	return true
}

// learned says what was learned from.
type learned struct {
	extensions     []string // of the section, sorted: pion lists them in any order
	sends, listens bool     // the transceiver has a sender, and a receiver
}

// learn adds those of a section, as far as pion has them.
func (e extensions) learn(shown *sdp.Media, t *webrtc.RTPTransceiver) {
	var has []webrtc.RTPHeaderExtensionParameter
	if s := t.Sender(); s != nil {
		has = append(has, s.GetParameters().HeaderExtensions...)
	}
	if r := t.Receiver(); r != nil {
		has = append(has, r.GetParameters().HeaderExtensions...)
	}
	for _, extmap := range shown.Extensions {
		id, uri, _ := strings.Cut(extmap, " ")
		uri, _, _ = strings.Cut(uri, " ") // attributes of the extension
		for _, h := range has {
			if h.URI == uri && strconv.Itoa(h.ID) == id {
				e[uri] = id
			}
		}
	}
}

// learn keeps which header extensions pion has negotiated.
func (p *Connection) learn(shown *sdp.Description) {
	p.extensions = p.extensions.clone()
	before := p.learned
	p.learned = map[string]learned{}
	for _, m := range shown.Media {
		t := p.transceiver(m.Mid)
		if t == nil {
			continue
		}
		from, last := learned{slices.Sorted(slices.Values(m.Extensions)), t.Sender() != nil, t.Receiver() != nil}, before[m.Mid]
		if from.sends != last.sends || from.listens != last.listens || !slices.Equal(from.extensions, last.extensions) {
			p.extensions.learn(m, t)
		}
		p.learned[m.Mid] = from
	}
}

func (e extensions) clone() extensions {
	if e == nil {
		return extensions{}
	}
	return maps.Clone(e)
}
