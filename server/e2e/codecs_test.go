package e2e

import (
	"testing"

	"github.com/pion/webrtc/v4"
)

// TestNoCommonCodec has a tab send video to a native peer that knows no codec for
// it: the section is rejected, and all else goes on.
func TestNoCommonCodec(t *testing.T) {
	t.Parallel()
	for _, role := range []string{"polite", "impolite"} {
		for _, when := range []string{"before", "after"} {
			t.Run("native is "+role+", video comes "+when+" the channel", func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				w.newConnection = onlyAudio
				n := w.native(demoRoom, role, false)
				b := w.mediaTab(map[string]string{"polite": "/impolite", "impolite": "/polite"}[role])
				if when == "before" {
					b.play(true)
				}
				b.connect()
				awaitChannels(t, 1, n, b)
				if when == "after" {
					b.play(true)
				}
				polite, impolite := participant(n), participant(b)
				if role == "impolite" {
					polite, impolite = b, n
				}
				renegotiateAtOnce(t, polite, impolite, 10)
				n.connect()
				awaitChannels(t, 2, n, b)
				b.play(false)
				b.play(true)
				renegotiateAtOnce(t, polite, impolite, 10)
				chat(t, polite, impolite)
				n.mu.Lock()
				pc := n.connections[0]
				n.mu.Unlock()
				for _, transceiver := range pc.GetTransceivers() {
					if transceiver.Kind() == webrtc.RTPCodecTypeVideo {
						t.Error("there is a transceiver for video")
					}
				}
			})
		}
	}
}

// onlyAudio makes a connection that knows no codec for video.
func onlyAudio(c webrtc.Configuration) (*webrtc.PeerConnection, error) {
	engine := webrtc.SettingEngine{}
	engine.SetIncludeLoopbackCandidate(true)
	codecs := &webrtc.MediaEngine{}
	if err := codecs.RegisterCodec(webrtc.RTPCodecParameters{
		RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}, PayloadType: 111,
	}, webrtc.RTPCodecTypeAudio); err != nil {
		return nil, err
	}
	return webrtc.NewAPI(webrtc.WithSettingEngine(engine), webrtc.WithMediaEngine(codecs)).NewPeerConnection(c)
}
