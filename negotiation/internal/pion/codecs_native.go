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

// codec is what two codecs must have in common so that pion takes one for the
// other.
type codec struct {
	mime     string
	rate     uint32
	channels uint16
}

// codecFrom returns the codec that pion takes these for: an application may have
// registered one without a clock rate or channels (internal/fmtp).
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

// format is a codec in a media section.
type format struct {
	codec
	payload uint8
	repairs bool // it retransmits for another one
}

// What a media section may say of its codecs. Browsers offer some 50, with 5 lines
// each.
const (
	maxCodecLines = 1000
	maxWildcards  = 16 // lines about all codecs
)

// fewLines refuses a section that says so much of its codecs that pion would be busy
// for minutes: for each codec it reads all lines anew, and compares those that are
// about all of them with each other.
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

// readFormats returns those of a media section that pion can read, each once.
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
		if !known || !readable {
			continue
		}
		seen[payload] = true
		channels, err := strconv.ParseUint(c.EncodingParameters, 10, 16)
		if err != nil {
			channels = 0
		}
		list = append(list, format{codecFrom(m.Kind+"/"+c.Name, c.ClockRate, uint16(channels)), uint8(payload), repairs})
	}
	return list
}

// codecMap returns what pion reads of the codecs of a section, by payload type.
func codecMap(m *sdp.Media) map[uint8]pionsdp.Codec {
	read := &pionsdp.MediaDescription{}
	for _, key := range []string{"rtpmap", "fmtp"} {
		for _, value := range m.Values(key) {
			read.Attributes = append(read.Attributes, pionsdp.Attribute{Key: key, Value: value})
		}
	}
	return (&pionsdp.SessionDescription{MediaDescriptions: []*pionsdp.MediaDescription{read}}).GetCodecMap()
}

// hasApt looks for the payload type that a retransmission belongs to, and whether that
// can be read. Whatever has one is a retransmission to pion.
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

// shared reports whether one of our codecs is offered.
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

// agree returns those formats whose payload types mean what they meant before, and adds
// what the others of pion's codecs mean. pion would fail in the middle if one came to mean
// something else, which must not be.
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

// recall learns what payload types mean to a pion that has seen a description before.
func (p *Connection) recall(shown *sdp.Description) {
	p.meaning = map[payload]codec{}
	for _, m := range shown.Media {
		p.agree(p.meaning, m.Kind, readFormats(m))
	}
}

// lacks reports whether pion is sure to have none of the codecs that are offered.
func (p *Connection) lacks(offered []format) bool {
	ours, incomplete := p.registered()
	return !incomplete && !shared(ours, offered)
}

// registered returns the codecs that pion has, and whether it may have others. Its
// media engine is not to be had, and in the statistics codecs that were registered at
// the same moment are one.
func (p *Connection) registered() (list []codec, incomplete bool) {
	if p.codecs == nil {
		p.codecs = []codec{}
		for _, s := range p.pc.GetStats() {
			if c, ok := s.(webrtc.CodecStats); ok {
				p.codecs = append(p.codecs, codecFrom(c.MimeType, c.ClockRate, uint16(c.Channels)))
			}
		}
		p.incomplete = coarse()
	}
	return p.codecs, p.incomplete
}

// coarse reports whether the clock gives two moments the same time.
func coarse() bool {
	for range 100 {
		if now := time.Now().UnixNano(); now == time.Now().UnixNano() {
			return true
		}
	}
	return false
}

// parameters returns the codecs that t can use. It knows them only if it can send or
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

// fits reports whether t can use one of the codecs that are offered.
func (p *Connection) fits(t *webrtc.RTPTransceiver, offered []format) bool {
	wish := p.preferences.of(t)
	if wish == nil {
		return !p.lacks(offered)
	}
	var ours []codec
	for _, c := range wish {
		ours = append(ours, codecFrom(c.MimeType, c.ClockRate, c.Channels))
	}
	return shared(ours, offered)
}

// canOffer looks for a transceiver without a codec: pion has rejected the section of
// it, without a mid, or will do so, and can make no offer for as long (pc:823).
func (p *Connection) canOffer() error {
	for _, t := range p.pc.GetTransceivers() {
		if list, known := parameters(t); known && len(list) == 0 {
			return fmt.Errorf("%w: pion has no codec for its media section %q of %s", held.ErrWedged, t.Mid(), t.Kind())
		}
	}
	return nil
}
