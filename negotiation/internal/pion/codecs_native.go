//go:build !js

package pion

import (
	"fmt"
	"maps"
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

// formats returns those of a media section.
func formats(m *sdp.Media) ([]format, error) {
	if !sdp.IsMedia(m.Kind) {
		return nil, nil
	}
	if err := fewLines(m); err != nil {
		return nil, err
	}
	codecs := codecMap(m)
	var list []format
	var seen [128]bool
	for _, text := range m.Formats() {
		payload, err := strconv.ParseUint(text, 10, 7)
		if err != nil {
			return nil, fmt.Errorf("payload type %q is not a number from 0 to 127", text)
		}
		if seen[payload] {
			return nil, fmt.Errorf("payload type %d is listed twice", payload)
		}
		seen[payload] = true
		c, known := codecs[uint8(payload)]
		switch {
		case known:
			repairs, err := hasApt(c.Fmtp)
			if err != nil {
				return nil, err
			}
			channels, err := strconv.ParseUint(c.EncodingParameters, 10, 16)
			if err != nil {
				channels = 0
			}
			list = append(list, format{codecFrom(m.Kind+"/"+c.Name, c.ClockRate, uint16(channels)), uint8(payload), repairs})
		case payload != 0: // pion writes 0 into the sections that it rejects
			return nil, fmt.Errorf("payload type %d has no rtpmap", payload)
		}
	}
	return list, nil
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

// hasApt looks for the payload type that a retransmission belongs to. Whatever has
// one is a retransmission to pion.
// https://www.rfc-editor.org/rfc/rfc4588#section-8.1
func hasApt(fmtp string) (has bool, err error) {
	for parameter := range strings.SplitSeq(fmtp, ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
		if !strings.EqualFold(key, "apt") {
			continue
		}
		if _, err := strconv.ParseUint(value, 10, 8); err != nil {
			return false, fmt.Errorf("apt %q is not a payload type", value)
		}
		has = true
	}
	return has, nil
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

// meanings returns what payload types mean to pion once it has seen the description.
func (l *look) meanings() (map[payload]codec, error) {
	all := maps.Clone(l.pion.meaning)
	if all == nil {
		all = map[payload]codec{}
	}
	for i, s := range l.sections {
		if l.hides(i) {
			continue
		}
		if err := l.pion.means(all, s.Kind, l.formats[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// means adds what payload types mean in a section. pion would fail in the middle if
// one came to mean something else.
// https://www.rfc-editor.org/rfc/rfc3264#section-8.3.2
func (p *Connection) means(all map[payload]codec, kind string, offered []format) error {
	ours, incomplete := p.registered()
	for _, f := range offered {
		key := payload{kind, f.payload}
		switch before, known := all[key]; {
		case !incomplete && !slices.Contains(ours, f.codec):
		case known && before != f.codec:
			return fmt.Errorf("payload type %d is %s, and was %s", f.payload, f.mime, before.mime)
		default:
			all[key] = f.codec
		}
	}
	return nil
}

// recall learns what payload types mean to a pion that has seen a description before.
func (p *Connection) recall(shown *sdp.Description) error {
	p.meaning = map[payload]codec{}
	for _, m := range shown.Media {
		offered, err := formats(m)
		if err != nil {
			return err
		}
		if err := p.means(p.meaning, m.Kind, offered); err != nil {
			return err
		}
	}
	return nil
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

// codecsOf returns the codecs that t can use. It knows them only if it can send or
// receive.
func codecsOf(t *webrtc.RTPTransceiver) (list []codec, known bool) {
	var parameters webrtc.RTPParameters
	switch sender, receiver := t.Sender(), t.Receiver(); {
	case sender != nil:
		parameters = sender.GetParameters().RTPParameters
	case receiver != nil:
		parameters = receiver.GetParameters()
	default:
		return nil, false
	}
	for _, c := range parameters.Codecs {
		list = append(list, codecFrom(c.MimeType, c.ClockRate, c.Channels))
	}
	return list, true
}

// fits reports whether t can use one of the codecs that are offered.
func (p *Connection) fits(t *webrtc.RTPTransceiver, offered []format) bool {
	ours, known := codecsOf(t)
	if !known {
		return !p.lacks(offered)
	}
	return shared(ours, offered)
}

// canOffer looks for a transceiver without a codec: pion has rejected the section of
// it, without a mid, or will do so, and can make no offer for as long (pc:823).
func (p *Connection) canOffer() error {
	for _, t := range p.pc.GetTransceivers() {
		if list, known := codecsOf(t); known && len(list) == 0 {
			return fmt.Errorf("%w: pion has no codec for its media section %q of %s", held.ErrWedged, t.Mid(), t.Kind())
		}
	}
	return nil
}
