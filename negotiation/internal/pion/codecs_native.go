//go:build !js

package pion

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	pionsdp "github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/held"
	"perfect-negotiation/negotiation/internal/sdp"
)

// codec holds the properties by which pion matches codecs.
type codec struct {
	mime     string
	rate     uint32
	channels uint16
}

// codecFrom returns the codec that pion assumes for these values: an application may
// have registered one without a clock rate or channels (internal/fmtp).
func codecFrom(mime string, rate uint32, channels uint16) codec {
	c := codec{strings.ToLower(mime), rate, channels}
	opus := strings.EqualFold(mime, webrtc.MimeTypeOpus)
	switch {
	case rate != 0:
	case opus:
		c.rate = 48000
	case strings.EqualFold(mime, webrtc.MimeTypePCMU), strings.EqualFold(mime, webrtc.MimeTypePCMA):
		c.rate = 8000
	default:
		c.rate = 90000
	}
	switch {
	case channels != 0:
	case opus:
		c.channels = 2
	default:
		c.channels = 1
	}
	return c
}

// format is a codec as listed in a media section.
type format struct {
	codec
	payload uint8
	repairs bool // a retransmission format
	fmtp    string
}

// These limits bound what a media section may say about codecs. Browsers offer some
// 50 codecs with 5 lines each.
const (
	maxCodecLines = 1000
	maxWildcards  = 16 // lines that apply to all codecs
)

// fewLines refuses a section with so many lines about codecs that pion would be busy
// for minutes: it reads all lines again for each codec, and compares all wildcard
// lines with each other.
func fewLines(m *sdp.Media) error {
	lines, wildcards := 0, 0
	for _, key := range []string{"rtpmap", "fmtp", "rtcp-fb"} {
		for _, value := range m.Values(key) {
			lines++
			if strings.HasPrefix(value, "*") {
				wildcards++
			}
		}
	}
	if lines > maxCodecLines || wildcards > maxWildcards {
		return fmt.Errorf("a media section has %d lines about codecs, %d of them about all; %d and %d are allowed", lines, wildcards, maxCodecLines, maxWildcards)
	}
	return nil
}

// readFormats returns the formats of a media section that pion can read, without
// duplicates.
func readFormats(m *sdp.Media) (list []format) {
	if !sdp.IsMedia(m.Kind) {
		return nil
	}
	codecs := codecMap(m)
	var seen [128]bool
	for _, text := range m.Formats() {
		payload, err := strconv.ParseUint(text, 10, 7)
		if err != nil || seen[payload] {
			continue
		}
		c, known := codecs[uint8(payload)]
		repairs, readable := hasApt(c.Fmtp)
		// pion takes a retransmission of nothing for an exact match, prefers it to codecs with
		// other parameters than ours, and is left with no codec.
		if !known || !readable || strings.EqualFold(c.Name, "rtx") && !repairs {
			continue
		}
		seen[payload] = true
		channels, err := strconv.ParseUint(c.EncodingParameters, 10, 16)
		if err != nil {
			channels = 0
		}
		list = append(list, format{codecFrom(m.Kind+"/"+c.Name, c.ClockRate, uint16(channels)), uint8(payload), repairs, c.Fmtp})
	}
	return list
}

// sameFormats reports whether two media sections have the same formats.
func sameFormats(a, b *sdp.Media) bool {
	return a.Kind == b.Kind && slices.Equal(a.Formats(), b.Formats()) &&
		slices.Equal(a.Values("rtpmap"), b.Values("rtpmap")) && slices.Equal(a.Values("fmtp"), b.Values("fmtp"))
}

// codecMap returns the codecs that pion reads from a section, by payload type.
func codecMap(m *sdp.Media) map[uint8]pionsdp.Codec {
	read := &pionsdp.MediaDescription{}
	for _, key := range []string{"rtpmap", "fmtp"} {
		for _, value := range m.Values(key) {
			read.Attributes = append(read.Attributes, pionsdp.Attribute{Key: key, Value: value})
		}
	}
	return (&pionsdp.SessionDescription{MediaDescriptions: []*pionsdp.MediaDescription{read}}).GetCodecMap()
}

// hasApt reports whether fmtp names the payload type that a retransmission belongs
// to, and whether that is readable. pion takes any format that has one for a
// retransmission.
// https://www.rfc-editor.org/rfc/rfc4588#section-8.1
func hasApt(fmtp string) (has, readable bool) {
	for parameter := range strings.SplitSeq(fmtp, ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
		if !strings.EqualFold(key, "apt") {
			continue
		}
		if _, err := strconv.ParseUint(value, 10, 8); err != nil {
			return true, false
		}
		has = true
	}
	return has, true
}

// shared reports whether one of our codecs was offered.
func shared(ours []codec, offered []format) bool {
	return slices.ContainsFunc(offered, func(f format) bool {
		return !f.repairs && f.mime != webrtc.MimeTypeRTX && slices.Contains(ours, f.codec)
	})
}

// payload is a payload type of audio or video.
type payload struct {
	kind string
	id   uint8
}

// agree returns the formats whose payload types keep their meaning, and records that
// of new ones among pion's codecs. A payload type must not change its meaning; pion
// would fail halfway.
// https://www.rfc-editor.org/rfc/rfc3264#section-8.3.2
func (p *Connection) agree(meaning map[payload]codec, kind string, offered []format) []format {
	ours, incomplete := p.registered()
	return slices.DeleteFunc(slices.Clone(offered), func(f format) bool {
		if !incomplete && !slices.Contains(ours, f.codec) {
			return false
		}
		key := payload{kind, f.payload}
		before, known := meaning[key]
		if !known {
			meaning[key] = f.codec
		}
		return known && before != f.codec
	})
}

// recall records the payload types of a description that pion has seen before.
func (p *Connection) recall(shown *sdp.Description) {
	p.meaning = map[payload]codec{}
	for _, m := range shown.Media {
		p.agree(p.meaning, m.Kind, readFormats(m))
	}
}

// lacks reports whether pion certainly has none of the offered codecs.
func (p *Connection) lacks(offered []format) bool {
	ours, incomplete := p.registered()
	return !incomplete && !shared(ours, offered)
}

// registered returns pion's codecs, and whether it may have more. The media engine is
// not accessible, and the statistics merge codecs registered at the same instant.
func (p *Connection) registered() (list []codec, incomplete bool) {
	if p.codecs == nil {
		p.codecs = []codec{}
		if p.receives() {
			p.incomplete = true
			return p.codecs, p.incomplete
		}
		for _, s := range p.pc.GetStats() {
			if c, ok := s.(webrtc.CodecStats); ok {
				p.codecs = append(p.codecs, codecFrom(c.MimeType, c.ClockRate, uint16(c.Channels)))
			}
		}
		p.incomplete = coarse()
	}
	return p.codecs, p.incomplete
}

// receives reports whether media may come in. pion's statistics read the codec of a
// track without the lock under which its first packet sets it (rtpreceiver.go:455).
func (p *Connection) receives() bool {
	remote := p.pc.CurrentRemoteDescription()
	return remote != nil && p.pc.SCTP().Transport().State() >= webrtc.DTLSTransportStateConnected &&
		slices.ContainsFunc(sdp.Parse(remote.SDP).Sections(), func(s sdp.Section) bool { return sdp.IsMedia(s.Kind) && !s.Rejected })
}

// coarse reports whether the clock is too coarse to tell two moments apart.
func coarse() bool {
	for range 100 {
		if now := time.Now().UnixNano(); now == time.Now().UnixNano() {
			return true
		}
	}
	return false
}

// parameters returns the codecs that t can use. They are known only if t can send or
// receive.
func parameters(t *webrtc.RTPTransceiver) (list []webrtc.RTPCodecParameters, known bool) {
	switch sender, receiver := t.Sender(), t.Receiver(); {
	case sender != nil:
		return sender.GetParameters().Codecs, true
	case receiver != nil:
		return receiver.GetParameters().Codecs, true
	}
	return nil, false
}

// fits reports whether t can use one of the offered codecs.
func (l *look) fits(t *webrtc.RTPTransceiver, offered []format) bool {
	wish := l.wish(t)
	if wish.codecs == nil {
		return !l.pion.lacks(offered)
	}
	var ours []codec
	for _, c := range wish.codecs {
		ours = append(ours, codecFrom(c.MimeType, c.ClockRate, c.Channels))
	}
	return shared(ours, offered)
}

// canOffer returns an error if a transceiver has no codec: pion has rejected its
// section without a mid, or will, and cannot create an offer while it exists
// (pc:823).
func (p *Connection) canOffer() error {
	for _, t := range p.pc.GetTransceivers() {
		if list, known := parameters(t); known && len(list) == 0 {
			return fmt.Errorf("%w: pion has no codec for its media section %q of %s", held.ErrWedged, t.Mid(), t.Kind())
		}
	}
	return nil
}
