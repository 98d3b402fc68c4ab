//go:build !js

package negotiation

import (
	"slices"
	"testing"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/sdp"
)

// TestNumberExtensions makes offers of audio and video in either order: the ids are the
// same in all of them.
func TestNumberExtensions(t *testing.T) {
	audio := []string{"4 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01", "9 urn:ietf:params:rtp-hdrext:sdes:mid"}
	video := append([]string{"10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id", "11 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"}, audio...)
	right := map[string][]string{"audio": audio, "video": video}
	for _, kinds := range [][]string{{"audio"}, {"video"}, {"audio", "video"}, {"video", "audio"}} {
		media := &webrtc.MediaEngine{}
		must(t, media.RegisterDefaultCodecs())
		must(t, NumberExtensions(media))
		pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(media)).NewPeerConnection(webrtc.Configuration{})
		must(t, err)
		defer pc.Close()
		for _, kind := range kinds {
			_, err := pc.AddTransceiverFromKind(webrtc.NewRTPCodecType(kind))
			must(t, err)
		}
		offer, err := pc.CreateOffer(nil)
		must(t, err)
		for _, s := range sdp.Parse(offer.SDP).Sections() {
			slices.Sort(s.Extensions)
			if want := slices.Sorted(slices.Values(right[s.Kind])); !slices.Equal(s.Extensions, want) {
				t.Errorf("%s of %q has %q", s.Kind, kinds, s.Extensions)
			}
		}
	}
}
