//go:build !js

package peer

import (
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// All reads of a track end when the Peer closes, even two of one track, as in pion
// when media come before the answer that announces them.
func TestReadersEnd(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		read := make(chan struct{})
		a, _ := w.connected(func(m *member, c *Config) {
			c.OnTrack = func(_ *Peer, _ string, track RemoteTrack) {
				if _, _, err := track.ReadRTP(); err != nil {
					t.Error(err)
				}
				close(read)
				go func() { _, _, _ = track.ReadRTP() }()
				_, _, _ = track.ReadRTP()
			}
		})
		track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus}, "audio", "stream")
		if err != nil {
			t.Fatal(err)
		}
		a.peer.Publish("", "audio", track)
		for {
			if err := track.WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2}, Payload: []byte{0}}); err != nil {
				t.Fatal(err)
			}
			select {
			case <-read:
				return // the world ends, and no goroutine may be left in it
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
}
