//go:build !js

package negotiation_test

import (
	"errors"
	"testing"

	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/rtcerr"
)

// TestPionHasNoRollback has two plain pion peers offer a track at the same moment.
// Neither can take the other's offer, nor its own back, so no track is negotiated.
func TestPionHasNoRollback(t *testing.T) {
	var peers [2]*webrtc.PeerConnection
	var offers [2]webrtc.SessionDescription
	for i := range peers {
		pc := newPeerConnection(t, webrtc.Configuration{})
		t.Cleanup(func() { _ = pc.GracefulClose() })
		track, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}, "video", "stream")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := pc.AddTrack(track); err != nil {
			t.Fatal(err)
		}
		if offers[i], err = pc.CreateOffer(nil); err != nil {
			t.Fatal(err)
		}
		if err := pc.SetLocalDescription(offers[i]); err != nil {
			t.Fatal(err)
		}
		peers[i] = pc
	}
	for i, pc := range peers {
		var refused *rtcerr.InvalidModificationError
		if err := pc.SetRemoteDescription(offers[1-i]); !errors.As(err, &refused) {
			t.Errorf("the other's offer: %v", err)
		}
		rollback := webrtc.SessionDescription{Type: webrtc.SDPTypeRollback}
		if err := pc.SetLocalDescription(rollback); !errors.As(err, &refused) {
			t.Errorf("rollback: %v", err)
		}
		if state := pc.SignalingState(); state != webrtc.SignalingStateHaveLocalOffer || pc.CurrentRemoteDescription() != nil {
			t.Errorf("it is in %s, and the remote description is %v", state, pc.CurrentRemoteDescription())
		}
	}
}
