//go:build !js

package negotiation_test

import (
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
)

// newSideWithVideo has a codec for audio and one for video.
func newSideWithVideo(t *testing.T, name, mime string) *side {
	t.Helper()
	media := &webrtc.MediaEngine{}
	for kind, codec := range map[webrtc.RTPCodecType]webrtc.RTPCodecParameters{
		webrtc.RTPCodecTypeAudio: {RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}, PayloadType: 111},
		webrtc.RTPCodecTypeVideo: {RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: mime, ClockRate: 90000}, PayloadType: 96},
	} {
		if err := media.RegisterCodec(codec, kind); err != nil {
			t.Fatal(err)
		}
	}
	return newSideWith(t, name, newPeerConnectionWith(t, negotiation.PoliteConfiguration(webrtc.Configuration{}), media))
}

// TestNoCommonCodec connects two that both send video, in codecs that the other
// one does not have. Each rejects the section of the other, and all else works.
func TestNoCommonCodec(t *testing.T) {
	for _, with := range []string{"", "data", "audio", "data audio"} {
		for _, first := range []string{"polite", "impolite", "both"} {
			t.Run(strings.ReplaceAll(strings.TrimSpace("video "+with+" from "+first), " ", "_"), func(t *testing.T) {
				p, i := newSideWithVideo(t, "polite", webrtc.MimeTypeVP8), newSideWithVideo(t, "impolite", webrtc.MimeTypeH264)
				p.attach(i)
				i.attach(p)
				begin := func(s *side) { s.add("video " + with) }
				switch first {
				case "polite":
					begin(p)
				case "impolite":
					begin(i)
				default:
					both(p, i, begin)
				}
				rest := func() {
					for range 3 {
						p.negotiated()
						i.negotiated()
					}
				}
				rest()
				for _, s := range []*side{p, i, p} {
					s.s.Renegotiate()
					rest()
				}
				both(p, i, func(s *side) { s.add("video") })
				rest()
				i.s.RestartICE()
				rest()
				i.connect("late")
				p.connect("late")
				for _, s := range []*side{p, i} {
					for range 2 {
						for s.channel().Label() != "late" {
						}
					}
				}
				rest()
				for _, s := range []*side{p, i} {
					s.s.Renegotiate()
					rest()
					live := func(kind string) int { return strings.Count(s.answer, "m="+kind+" 9 ") }
					if n := live("video"); n > 0 {
						t.Errorf("%s: %d sections of video in\n%s", s.name, n, s.answer)
					}
					if wanted := strings.Contains(with, "audio"); wanted != (live("audio") > 0) {
						t.Errorf("%s: %d sections of audio in\n%s", s.name, live("audio"), s.answer)
					}
				}
			})
		}
	}
}
