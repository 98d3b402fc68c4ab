//go:build !js

package pion

import (
	"maps"
	"strconv"
	"strings"

	pionsdp "github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/sdp"
)

// extensions are the ids of header extensions that pion has negotiated, by URI. pion
// numbers them once for all sections and for good, also where a section ends (mediaengine.go:556):
// of an extension under two ids it would send either, and say both in each section of the kind.
// So it does not see another id for the same extension, or another extension under the
// same id. That section is negotiated without.
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

func (e extensions) clone() extensions {
	if e == nil {
		return extensions{}
	}
	return maps.Clone(e)
}
