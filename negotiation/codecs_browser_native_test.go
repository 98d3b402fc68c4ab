//go:build !js

package negotiation

import (
	"context"
	"testing"

	"github.com/pion/webrtc/v4"
)

// TestNoCodecForBrowser has a browser offer nothing but video to a native side
// that has no codec for it. What comes later works.
func TestNoCodecForBrowser(t *testing.T) {
	known := withLoopback
	defer func() { withLoopback = known }()
	withLoopback = func() *webrtc.API {
		engine := webrtc.SettingEngine{}
		engine.SetIncludeLoopbackCandidate(true)
		audio := &webrtc.MediaEngine{}
		if err := audio.RegisterCodec(webrtc.RTPCodecParameters{
			RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}, PayloadType: 111,
		}, webrtc.RTPCodecTypeAudio); err != nil {
			t.Error(err)
		}
		return webrtc.NewAPI(webrtc.WithSettingEngine(engine), webrtc.WithMediaEngine(audio))
	}
	for _, browser := range []string{"polite", "impolite"} {
		t.Run("browser is "+browser, func(t *testing.T) {
			withBrowser(t, "TestVideoWithNative", browser, func(make func(*testing.T) *party) {
				p := make(t)
				p.meet(context.Background())
				p.begin()
				p.s.Renegotiate()
				p.rest()
				if list := p.pc.GetTransceivers(); len(list) != 1 {
					t.Errorf("%d transceivers, not one for audio", len(list))
				}
				p.finish()
			})
		})
	}
}
