//go:build !js

package negotiation_test

import (
	"testing"

	"github.com/pion/logging"
	"github.com/pion/webrtc/v4"
)

// newPeerConnection gathers on loopback too: a test machine may have nothing else.
func newPeerConnection(t *testing.T, c webrtc.Configuration) *webrtc.PeerConnection {
	t.Helper()
	media := &webrtc.MediaEngine{}
	if err := media.RegisterDefaultCodecs(); err != nil {
		t.Fatal(err)
	}
	return newPeerConnectionWith(t, c, media)
}

func newPeerConnectionWith(t *testing.T, c webrtc.Configuration, media *webrtc.MediaEngine) *webrtc.PeerConnection {
	t.Helper()
	return newPeerConnectionLogging(t, c, media, nil)
}

func newPeerConnectionLogging(t *testing.T, c webrtc.Configuration, media *webrtc.MediaEngine, log logging.LoggerFactory) *webrtc.PeerConnection {
	t.Helper()
	engine := webrtc.SettingEngine{LoggerFactory: log}
	engine.SetIncludeLoopbackCandidate(true)
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(engine), webrtc.WithMediaEngine(media)).NewPeerConnection(c)
	if err != nil {
		t.Fatal(err)
	}
	return pc
}

func receive(_ *testing.T, dc *webrtc.DataChannel, f func(string)) {
	dc.OnMessage(func(m webrtc.DataChannelMessage) { f(string(m.Data)) })
}

func opened(dc *webrtc.DataChannel, f func()) { dc.OnOpen(f) }
