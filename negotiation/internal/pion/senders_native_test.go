//go:build !js

package pion

import (
	"testing"

	"github.com/pion/webrtc/v4"
)

// TestTheConnectionClosesInAnExchange closes a connection during an exchange, as pion
// does by itself when the other side has closed: nothing may wait forever in a sender
// that has not started.
func TestTheConnectionClosesInAnExchange(t *testing.T) {
	for _, c := range []struct {
		name  string
		close func(pc *webrtc.PeerConnection, exchange func(set func() error))
	}{
		{"in the middle", func(pc *webrtc.PeerConnection, exchange func(func() error)) { exchange(pc.Close) }},
		{"before", func(pc *webrtc.PeerConnection, exchange func(func() error)) {
			_ = pc.Close()
			exchange(func() error { return nil })
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			pc := offline(t)
			track, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus}, "track", "stream")
			must(t, err)
			sender, err := pc.AddTrack(track)
			must(t, err)
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				for {
					if _, _, err := sender.ReadRTCP(); err != nil {
						return
					}
				}
			}()
			c.close(pc, func(set func() error) { must(t, new(senders).exchange(pc, set)) })
			<-ended
		})
	}
}
