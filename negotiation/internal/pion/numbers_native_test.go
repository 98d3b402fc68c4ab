//go:build !js

package pion

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/pion/interceptor"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/held"
	"perfect-negotiation/negotiation/trace"
)

// codecList reads words such as "96:VP8" and "97:rtx/apt=96".
func codecList(words string) (list []webrtc.RTPCodecParameters) {
	for word := range strings.FieldsSeq(words) {
		number, name, _ := strings.Cut(word, ":")
		name, fmtp, _ := strings.Cut(name, "/")
		var c webrtc.RTPCodecParameters
		fmt.Sscan(number, &c.PayloadType)
		c.MimeType, c.ClockRate, c.SDPFmtpLine = "video/"+name, 90000, fmtp
		list = append(list, c)
	}
	return list
}

func TestNumbering(t *testing.T) {
	for _, c := range []struct{ name, all, section, changes string }{
		{"the same", "96:VP8 97:rtx/apt=96", "96:VP8 97:rtx/apt=96", ""},
		{"fewer", "96:VP8 97:rtx/apt=96 98:VP9 99:rtx/apt=98", "98:VP9 99:rtx/apt=98", "96>none 97>none"},
		{"another", "96:VP8 100:VP8", "100:VP8", "96>100"},
		{"both", "96:VP8 100:VP8", "100:VP8 96:VP8", ""},
		{"with retransmissions", "96:VP8 97:rtx/apt=96 100:VP8 101:rtx/apt=100", "100:VP8 101:rtx/apt=100", "96>100 97>101"},
		{"retransmissions alone", "96:VP8 97:rtx/apt=96 101:rtx/apt=96", "96:VP8 101:rtx/apt=96", "97>101"},
		{"without retransmissions", "96:VP8 97:rtx/apt=96", "96:VP8", "97>plain 96"},
		{"another without them", "96:VP8 97:rtx/apt=96 100:VP8", "100:VP8", "96>100 97>plain 100"},
		{"two codecs", "96:VP8 98:VP9 106:VP8 108:VP9", "108:VP9 106:VP8", "96>106 98>108"},
		{"swapped with retransmissions", "96:VP8 97:rtx/apt=96 98:VP8 99:rtx/apt=98", "98:VP8 99:rtx/apt=98", "96>98 97>99"},
		{"another profile", "98:VP9/profile-id=0 100:VP9/profile-id=2", "100:VP9/profile-id=2", "98>none"},
		{"a profile", "98:VP9/profile-id=0 100:VP9/profile-id=2 102:VP9/profile-id=2", "98:VP9 102:VP9/profile-id=2", "100>102"},
	} {
		var changes []string
		if to := numberingOf(codecList(c.all), codecList(c.section)); to != nil {
			for from, number := range to {
				switch {
				case number == none:
					changes = append(changes, fmt.Sprintf("%d>none", from))
				case number >= plain:
					changes = append(changes, fmt.Sprintf("%d>plain %d", from, number-plain))
				case number != uint8(from):
					changes = append(changes, fmt.Sprintf("%d>%d", from, number))
				}
			}
		}
		if got := strings.Join(changes, " "); got != c.changes {
			t.Errorf("%s: %q, not %q", c.name, got, c.changes)
		}
	}
}

// TestRenumber sends packets and retransmissions, and changes their numbers meanwhile. The
// header that was given stays as it is: others keep it to send it again.
func TestRenumber(t *testing.T) {
	n := &Numbers{}
	i, err := n.NewInterceptor("")
	must(t, err)
	if _, err := n.NewInterceptor(""); !errors.Is(err, errUsed) {
		t.Errorf("a second connection: %v", err)
	}
	var sent string
	to := i.BindLocalStream(&interceptor.StreamInfo{SSRC: 1}, interceptor.RTPWriterFunc(func(h *rtp.Header, payload []byte, _ interceptor.Attributes) (int, error) {
		sent = fmt.Sprintf("%d of %d: %d %s", h.SequenceNumber, h.SSRC, h.PayloadType, payload)
		return 0, nil
	}))
	media := rtp.Header{SequenceNumber: 5, SSRC: 1, PayloadType: 96}
	again := rtp.Header{SequenceNumber: 80, SSRC: 2, PayloadType: 97}
	all := codecList("96:VP8 97:rtx/apt=96 100:VP8 101:rtx/apt=100")
	for _, c := range []struct{ section, media, again string }{
		{"96:VP8 97:rtx/apt=96", "5 of 1: 96 x", "80 of 2: 97 \x00\x05x"},
		{"100:VP8 101:rtx/apt=100", "5 of 1: 100 x", "80 of 2: 101 \x00\x05x"},
		{"100:VP8", "5 of 1: 100 x", "5 of 1: 100 x"},
		{"96:VP8 97:rtx/apt=96", "5 of 1: 96 x", "80 of 2: 97 \x00\x05x"},
	} {
		n.Renumber(1, numberingOf(all, codecList(c.section)))
		for range 2 {
			h := media
			if _, err := to.Write(&h, []byte("x"), nil); err != nil || sent != c.media || h.PayloadType != media.PayloadType {
				t.Errorf("%s: sent %q, %v", c.section, sent, err)
			}
			h = again
			if _, err := to.Write(&h, []byte("\x00\x05x"), nil); err != nil || sent != c.again || h.SequenceNumber != again.SequenceNumber {
				t.Errorf("%s: sent again %q, %v", c.section, sent, err)
			}
		}
	}
	sent = ""
	n.Renumber(1, numberingOf(all, codecList("100:VP8")))
	if _, err := to.Write(&again, nil, nil); err != nil || sent != "" {
		t.Errorf("an empty retransmission was sent as %q, %v", sent, err)
	}
	n.Renumber(1, numberingOf(codecList("96:VP8 97:rtx/apt=96 98:VP9"), codecList("98:VP9")))
	for _, h := range []rtp.Header{media, again} {
		if _, err := to.Write(&h, []byte("\x00\x05x"), nil); err != nil || sent != "" {
			t.Errorf("of a codec that the section does not have, %q was sent, %v", sent, err)
		}
	}
	i.UnbindLocalStream(&interceptor.StreamInfo{SSRC: 1})
	if len(n.streams) != 0 {
		t.Errorf("%d streams are left", len(n.streams))
	}
}

// TestAnAnswerRenumbers has an answer give a codec that is being sent another payload
// type. Without renumbering it is refused, and changes nothing.
func TestAnAnswerRenumbers(t *testing.T) {
	for _, can := range []bool{true, false} {
		t.Run(fmt.Sprintf("can renumber %v", can), func(t *testing.T) {
			pc := offlineWith(t, vp8)
			defer pc.Close()
			p := New(pc, true)
			got := map[uint32]*Numbering{}
			if can {
				p.renumber = func(ssrc uint32, to *Numbering) { got[ssrc] = to }
			}
			track, err := webrtc.NewTrackLocalStaticSample(vp8, "track", "stream")
			must(t, err)
			sender, err := pc.AddTrack(track)
			must(t, err)
			h := held.New(p, true, false)
			for i, number := range []string{"96", "100"} {
				mid := offer(t, h).Media[0].Mid
				text := described(strings.ReplaceAll(mediaSection("video", mid, "VP8/90000"), "100", number))
				err := h.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: text})
				if refused := i == 1 && !can; refused != errors.Is(err, held.ErrRefused) || refused && trace.CodeOf(err) != trace.PayloadRenumbered || !refused && err != nil {
					t.Errorf("answered with %s: %v", number, err)
				}
				if len(p.senders.started) != 1 {
					t.Errorf("%d senders have started", len(p.senders.started))
				}
				if to := got[uint32(sender.GetParameters().Encodings[0].SSRC)]; can && (to != nil) != (i == 1) || to != nil && to[96] != 100 {
					t.Errorf("renumbered to %v", to)
				}
			}
		})
	}
}
