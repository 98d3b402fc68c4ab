//go:build !js

package pion

import (
	"slices"
	"strings"

	"github.com/pion/webrtc/v4"
)

// preferences are the codecs of transceivers. For the life of a connection pion
// answers with the codecs and payload types of the first offer of a section
// (pc:1344), but an answer must follow the current offer. So the preferences are set
// again for each offer, from what the application wants.
// https://www.w3.org/TR/webrtc/#dom-rtcrtptransceiver-setcodecpreferences
type preferences map[*webrtc.RTPTransceiver]preference

type preference struct {
	wish []webrtc.RTPCodecParameters // set by the application; nil: all codecs
	set  []webrtc.RTPCodecParameters // set by us, as read back from pion

	all       []webrtc.RTPCodecParameters // known to pion
	numbering *Numbering                  // from those to the ones that were set
}

// wish is what the application wants of a transceiver.
type wish struct {
	codecs []webrtc.RTPCodecParameters // nil: all
	isSet  bool                        // the transceiver uses what set has set
}

// of returns what the application wants.
func (p preferences) of(t *webrtc.RTPTransceiver) wish {
	now, known := parameters(t)
	before, ours := p[t]
	switch {
	case !known:
		return wish{}
	case ours && sameCodecs(before.set, now):
		return wish{before.wish, true}
	}
	if all := everyCodec(t); sameCodecs(all, now) {
		return wish{}
	}
	_ = t.SetCodecPreferences(now) // cannot fail: these come from pion
	return wish{codecs: now}
}

// everyCodec makes t use every codec it can, and returns them.
func everyCodec(t *webrtc.RTPTransceiver) []webrtc.RTPCodecParameters {
	_ = t.SetCodecPreferences(nil) // cannot fail
	all, _ := parameters(t)
	return all
}

// set makes t use the offered codecs, in that order, as far as the application wants
// them. A codec whose new payload type meant another one, as in offers of aiortc, goes on
// under the old one.
func (p preferences) set(t *webrtc.RTPTransceiver, wish []webrtc.RTPCodecParameters, offered part) error {
	all := everyCodec(t)
	var list []webrtc.RTPCodecParameters
	for _, f := range offered.formats {
		i := slices.IndexFunc(all, func(c webrtc.RTPCodecParameters) bool {
			return c.PayloadType == webrtc.PayloadType(f.payload) && codecFrom(c.MimeType, c.ClockRate, c.Channels) == f.codec
		})
		if i >= 0 && (wish == nil || f.repairs || slices.ContainsFunc(wish, func(w webrtc.RTPCodecParameters) bool {
			return codecFrom(w.MimeType, w.ClockRate, w.Channels) == f.codec && variant(w) == variant(all[i])
		})) {
			list = append(list, all[i])
		}
	}
	if len(list) == 0 { // pion has only other profiles of these codecs
		return nil
	}
	if err := t.SetCodecPreferences(list); err != nil {
		return err
	}
	now, _ := parameters(t)
	section, moved := slices.Clone(now), offered.moved()
	for _, c := range all {
		if slices.ContainsFunc(moved, func(f format) bool { return !f.repairs && f.codec == codecFrom(c.MimeType, c.ClockRate, c.Channels) }) {
			section = append(section, c)
		}
	}
	p[t] = preference{wish, now, all, numberingOf(all, section)}
	return nil
}

func sameCodecs(a, b []webrtc.RTPCodecParameters) bool {
	return slices.EqualFunc(a, b, func(a, b webrtc.RTPCodecParameters) bool {
		return a.PayloadType == b.PayloadType && a.MimeType == b.MimeType && a.SDPFmtpLine == b.SDPFmtpLine
	})
}

// variant distinguishes formats of a codec that are not interchangeable.
// https://www.rfc-editor.org/rfc/rfc6184#section-8.2.2
func variant(c webrtc.RTPCodecParameters) string {
	values := map[string]string{"packetization-mode": "0", "profile-id": "0"}
	for parameter := range strings.SplitSeq(c.SDPFmtpLine, ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
		values[strings.ToLower(key)] = strings.ToLower(value)
	}
	profile := values["profile-level-id"]
	return values["packetization-mode"] + " " + values["profile-id"] + " " + profile[:min(4, len(profile))]
}
