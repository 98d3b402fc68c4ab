//go:build !js

package pion

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/pion/interceptor"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/trace"
)

// pion sends a codec under one payload type in all sections of its kind: the first that
// it learned (rtpsender.go:319), and a sender keeps the one it began with. But the other
// side may give each section others, and change them. So packets are renumbered just
// before they are encrypted. Received ones need nothing: pion knows all payload types.
// https://www.rfc-editor.org/rfc/rfc3264#section-8.3.2

// Numbering holds the payload type of a section for each under which pion sends. One
// with the bit plain added is for a retransmission that the section has no format for:
// the packet is sent again as it was, under that payload type.
// https://www.rfc-editor.org/rfc/rfc4588#section-4
//
// A packet whose codec the section does not have is not sent. Its payload type becomes none,
// which stands for no payload type.
// https://www.rfc-editor.org/rfc/rfc5761#section-4
type Numbering = [128]uint8

const (
	plain = 0x80
	none  = plain | 72
)

// numberingOf returns the numbering of a section with these codecs, where pion knows
// all; nil if it changes nothing.
func numberingOf(all, section []webrtc.RTPCodecParameters) *Numbering {
	to, changes := &Numbering{}, false
	for i := range to {
		to[i] = uint8(i)
	}
	change := func(from webrtc.PayloadType, number uint8) {
		if from < plain && to[from] != number {
			to[from], changes = number, true
		}
	}
	has := func(number uint8) bool {
		return slices.ContainsFunc(section, func(s webrtc.RTPCodecParameters) bool { return uint8(s.PayloadType) == number })
	}
	for _, c := range all {
		if _, repairs := repaired(c); repairs || has(uint8(c.PayloadType)) {
			continue
		}
		number := uint8(none)
		if i := slices.IndexFunc(section, func(s webrtc.RTPCodecParameters) bool { return sameCodec(c, s) }); i >= 0 {
			number = uint8(section[i].PayloadType)
		}
		change(c.PayloadType, number)
	}
	for _, c := range all {
		original, repairs := repaired(c)
		if repairs && to[original] == none {
			change(c.PayloadType, none)
		}
		if !repairs || !has(to[original]) {
			continue
		}
		i := slices.IndexFunc(section, func(s webrtc.RTPCodecParameters) bool {
			its, also := repaired(s)
			return also && its == to[original]
		})
		if i < 0 {
			change(c.PayloadType, plain|to[original])
		} else {
			change(c.PayloadType, uint8(section[i].PayloadType))
		}
	}
	if !changes {
		return nil
	}
	return to
}

// repaired returns the payload type whose packets a format retransmits.
func repaired(c webrtc.RTPCodecParameters) (original uint8, repairs bool) {
	for parameter := range strings.SplitSeq(c.SDPFmtpLine, ";") {
		if key, value, _ := strings.Cut(strings.TrimSpace(parameter), "="); strings.EqualFold(key, "apt") {
			number, err := strconv.ParseUint(value, 10, 7)
			return uint8(number), err == nil
		}
	}
	return 0, false
}

// sameCodec reports whether two formats differ in nothing but the payload type, as far
// as their packets are concerned. No retransmission is the same as another format.
func sameCodec(a, b webrtc.RTPCodecParameters) bool {
	_, repairsA := repaired(a)
	_, repairsB := repaired(b)
	return !repairsA && !repairsB && variant(a) == variant(b) &&
		codecFrom(a.MimeType, a.ClockRate, a.Channels) == codecFrom(b.MimeType, b.ClockRate, b.Channels)
}

// misnumbers returns an error if pion would send the track under a payload type that
// another one stands for. It takes the first of those it knows for a codec.
func misnumbers(mid string, track webrtc.TrackLocal, all []webrtc.RTPCodecParameters, to *Numbering) error {
	if to == nil {
		return nil
	}
	for i, c := range all {
		_, repairs := repaired(c)
		if number := uint8(c.PayloadType); number >= plain || to[number] == number || to[number] == none || repairs || !mayUse(track, c) ||
			slices.ContainsFunc(all[:i], func(before webrtc.RTPCodecParameters) bool { return sameCodec(before, c) }) {
			continue
		}
		return trace.Because(trace.PayloadRenumbered, fmt.Errorf("media section %q gives %s the payload type %d, and pion sends it with %d: use PayloadTypes", mid, c.MimeType, to[c.PayloadType], c.PayloadType))
	}
	return nil
}

// keeps returns an error if the track that is being sent in a section would go on under
// a payload type that the section gives up.
func (p *Connection) keeps(mid string, t *webrtc.RTPTransceiver, formats []format) error {
	if p.renumber != nil || t == nil {
		return nil
	}
	sender := t.Sender()
	if sender == nil || sender.Track() == nil || !slices.Contains(p.senders.started, sender) {
		return nil
	}
	var section []webrtc.RTPCodecParameters
	for _, f := range formats {
		section = append(section, webrtc.RTPCodecParameters{
			RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: f.mime, ClockRate: f.rate, Channels: f.channels, SDPFmtpLine: f.fmtp},
			PayloadType:        webrtc.PayloadType(f.payload),
		})
	}
	now, _ := parameters(t)
	all := everyCodec(t)
	if !sameCodecs(all, now) {
		_ = t.SetCodecPreferences(now) // cannot fail: these come from pion
	}
	return misnumbers(mid, sender.Track(), all, numberingOf(all, section))
}

// number puts the numbering of a transceiver's section into force, or returns why its
// sender cannot be started.
func (p *Connection) number(t *webrtc.RTPTransceiver) error {
	sender, of := t.Sender(), p.preferences[t]
	if p.renumber == nil {
		return misnumbers(t.Mid(), sender.Track(), of.all, of.numbering)
	}
	for _, e := range sender.GetParameters().Encodings {
		p.renumber(uint32(e.SSRC), of.numbering)
	}
	return nil
}

// Numbers renumbers the packets that one connection sends. It makes the interceptor
// that does so, which must be the first in the registry, to come last before the wire.
// All methods may be called from any goroutine.
type Numbers struct {
	interceptor.NoOp

	mu      sync.Mutex
	used    bool               // by a connection
	streams map[uint32]*stream // by SSRC
}

type stream struct{ atomic.Pointer[Numbering] } // nil: nothing changes

var errUsed = errors.New("negotiation: PayloadTypes are for one connection")

// NewInterceptor implements [interceptor.Factory].
func (n *Numbers) NewInterceptor(string) (interceptor.Interceptor, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.used {
		return nil, errUsed
	}
	n.used = true
	return n, nil
}

// InUse reports whether a connection was made with n.
func (n *Numbers) InUse() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.used
}

// Renumber sets the numbering of a stream and of its retransmissions.
func (n *Numbers) Renumber(ssrc uint32, to *Numbering) { n.stream(ssrc).Store(to) }

func (n *Numbers) stream(ssrc uint32) *stream {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.streams == nil {
		n.streams = map[uint32]*stream{}
	}
	if n.streams[ssrc] == nil {
		n.streams[ssrc] = &stream{}
	}
	return n.streams[ssrc]
}

// BindLocalStream implements [interceptor.Interceptor].
func (n *Numbers) BindLocalStream(info *interceptor.StreamInfo, to interceptor.RTPWriter) interceptor.RTPWriter {
	ssrc := info.SSRC
	of := n.stream(ssrc)
	return interceptor.RTPWriterFunc(func(header *rtp.Header, payload []byte, a interceptor.Attributes) (int, error) {
		numbering := of.Load()
		if numbering == nil {
			return to.Write(header, payload, a)
		}
		number := numbering[header.PayloadType%plain]
		switch number {
		case header.PayloadType:
			return to.Write(header, payload, a)
		case none:
			return 0, nil
		}
		changed := *header // which others may keep to send it again
		changed.PayloadType = number % plain
		if number >= plain {
			if len(payload) < 2 {
				return 0, nil
			}
			changed.SSRC, changed.SequenceNumber = ssrc, binary.BigEndian.Uint16(payload)
			payload = payload[2:]
		}
		return to.Write(&changed, payload, a)
	})
}

// UnbindLocalStream implements [interceptor.Interceptor].
func (n *Numbers) UnbindLocalStream(info *interceptor.StreamInfo) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.streams, info.SSRC)
}
