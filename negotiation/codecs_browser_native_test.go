//go:build !js

package negotiation

import (
	"context"
	"testing"

	"github.com/pion/webrtc/v4"
)

// TestNoCodecForBrowser has a browser and a native side offer nothing but video, for
// which they have no codec in common. What comes later works.
func TestNoCodecForBrowser(t *testing.T) {
	known := withLoopback
	defer func() { withLoopback = known }()
	withLoopback = func() *webrtc.API {
		engine := webrtc.SettingEngine{}
		engine.SetIncludeLoopbackCandidate(true)
		codecs := &webrtc.MediaEngine{}
		for kind, c := range map[webrtc.RTPCodecType]webrtc.RTPCodecParameters{
			webrtc.RTPCodecTypeAudio: {RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}, PayloadType: 111},
			webrtc.RTPCodecTypeVideo: {RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: "video/none", ClockRate: 90000}, PayloadType: 96},
		} {
			if err := codecs.RegisterCodec(c, kind); err != nil {
				t.Error(err)
			}
		}
		return webrtc.NewAPI(webrtc.WithSettingEngine(engine), webrtc.WithMediaEngine(codecs))
	}
	for _, browser := range []string{"polite", "impolite"} {
		t.Run("browser is "+browser, func(t *testing.T) {
			rows := videoOf
			withBrowser(t, "TestVideoWithNative", browser, func(make func(*testing.T) *party) {
				who := rows[0]
				rows = rows[1:]
				t.Run("video is of "+who, func(t *testing.T) {
					p := make(t)
					if who != "the browser" {
						p.do(func() error { return p.transceiver(webrtc.RTPCodecTypeVideo, "recvonly") })
					}
					p.meet(context.Background())
					p.begin()
					p.s.Renegotiate()
					p.rest()
					p.finish()
				})
			})
		})
	}
}
