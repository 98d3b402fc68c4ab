//go:build !js

package pion

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/held"
)

// TestTheCodecsOfASectionChange changes the codecs of a section that has a track of
// ours, and changes them back.
// https://www.rfc-editor.org/rfc/rfc3264#section-8.3.2
func TestTheCodecsOfASectionChange(t *testing.T) {
	vp9 := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP9, ClockRate: 90000}
	section := func(payload, codec string) string {
		return described(strings.ReplaceAll(mediaSection("video", "v", codec+"/90000"), "100", payload))
	}
	for _, c := range []struct {
		name    string
		wish    []webrtc.RTPCodecCapability // set by the application; nil: none
		offered [][2]string
		taken   []bool
		unsent  int // how often our track becomes one that cannot be sent
	}{
		{"another codec", nil, [][2]string{{"96", "VP8"}, {"98", "VP9"}, {"96", "VP8"}}, []bool{true, true, true}, 1},
		{"another codec, twice", nil, [][2]string{{"96", "VP8"}, {"98", "VP9"}, {"98", "VP9"}, {"96", "VP8"}, {"98", "VP9"}}, []bool{true, true, true, true, true}, 2},
		{"another number", nil, [][2]string{{"96", "VP8"}, {"98", "VP8"}, {"96", "VP8"}}, []bool{true, true, true}, 0},
		{"a codec that we lack", nil, [][2]string{{"96", "VP8"}, {"98", "H264"}}, []bool{true, false}, 0},
		{"a codec that the application does not want", []webrtc.RTPCodecCapability{vp8}, [][2]string{{"96", "VP8"}, {"98", "VP9"}}, []bool{true, false}, 0},
		{"a codec that the application wants", []webrtc.RTPCodecCapability{vp9, vp8}, [][2]string{{"96", "VP8"}, {"98", "VP9"}}, []bool{true, true}, 1},
	} {
		for _, ours := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s ours %v", c.name, ours), func(t *testing.T) {
				pc := offlineWith(t, vp8, vp9)
				defer pc.Close()
				if ours || c.wish != nil {
					track, err := webrtc.NewTrackLocalStaticSample(vp8, "track", "stream")
					must(t, err)
					transceiver, err := pc.AddTransceiverFromTrack(track)
					must(t, err)
					var wish []webrtc.RTPCodecParameters
					for _, w := range c.wish {
						wish = append(wish, webrtc.RTPCodecParameters{RTPCodecCapability: w})
					}
					must(t, transceiver.SetCodecPreferences(wish))
				}
				p := New(pc, false)
				p.renumber = func(uint32, *Numbering) {}
				unsent := 0
				p.unsent = func(error) { unsent++ }
				h := held.New(p, false, false)
				for i, o := range c.offered {
					m := answer(t, h, section(o[0], o[1])).Media[0]
					if m.Rejected == c.taken[i] || !m.Rejected && (!slices.Equal(m.Formats(), []string{o[0]}) || !strings.HasPrefix(m.Values("rtpmap")[0], o[0]+" "+o[1]+"/")) {
						t.Errorf("answered to %s as %s\n%q %q", o[1], o[0], m.Formats(), m.Values("rtpmap"))
					}
				}
				if sends := ours || c.wish != nil; sends && unsent != c.unsent || !sends && unsent > 0 {
					t.Errorf("it says %d times that a track cannot be sent", unsent)
				}
				goesOn(t, h, c.name)
			})
		}
	}
}

// TestAPayloadTypeMovesToASentCodec has an offer give the codec of a running sender the payload
// type of its retransmissions, as aiortc does: the sender goes on as before.
func TestAPayloadTypeMovesToASentCodec(t *testing.T) {
	pc := offlineFrom(t, withExtensions(t), webrtc.Configuration{})
	defer pc.Close()
	track, err := webrtc.NewTrackLocalStaticSample(vp8, "track", "stream")
	must(t, err)
	_, err = pc.AddTrack(track)
	must(t, err)
	p := New(pc, false)
	p.unsent = func(err error) { t.Error(err) }
	var now *Numbering
	p.renumber = func(_ uint32, to *Numbering) { now = to }
	h := held.New(p, false, false)
	for i, formats := range []string{"96 VP8/90000,97 rtx/90000,98 VP9/90000", "97 VP8/90000,98 VP9/90000"} {
		var numbers, lines string
		for f := range strings.SplitSeq(formats, ",") {
			number, _, _ := strings.Cut(f, " ")
			numbers += " " + number
			lines += "a=rtpmap:" + f + "\r\n"
		}
		section := strings.Replace(mediaSection("video", "v", "VP8/90000"), " 100\r\n", numbers+"\r\n", 1)
		section = strings.Replace(section, "a=rtpmap:100 VP8/90000\r\n", lines+"a=fmtp:97 apt=96\r\n", 1)
		if i == 1 {
			section = strings.Replace(section, "a=fmtp:97 apt=96\r\n", "", 1)
		}
		a := answer(t, h, described(section))
		if len(p.senders.started) != 1 || now != nil && now[96] != 96 {
			t.Errorf("answered\n%s\nand sends with %v", a, now)
		}
	}
}

// TestARetransmissionOfNothing offers rtx without the payload type that it repairs, which
// pion prefers to H264 with other parameters than its own.
// https://www.rfc-editor.org/rfc/rfc4588#section-8.1
func TestARetransmissionOfNothing(t *testing.T) {
	pc := offline(t)
	defer pc.Close()
	h := held.New(New(pc, false), false, false)
	for range 2 {
		a := answer(t, h, described(mediaSection("video", "v", "rtx/90000", "H264/90000")))
		if m := a.Media[0]; m.Rejected || !slices.Equal(m.Formats(), []string{"101"}) {
			t.Errorf("answered\n%s", a)
		}
	}
	goesOn(t, h, "rtx of nothing")
	if a := answer(t, h, described(rejection("video", "v"), rejection("application", "goodv"), mediaSection("video", "w", "rtx/90000"))); !a.Media[2].Rejected {
		t.Errorf("rtx alone is answered\n%s", a)
	}
}
