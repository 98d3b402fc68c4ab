//go:build !js

package pion

import (
	"sync"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/held"
	"perfect-negotiation/negotiation/internal/sdp"
)

// TestShield applies an offer with a given direction to a connection with a track in
// that section, or with a stopped transceiver.
func TestShield(t *testing.T) {
	for _, c := range []struct {
		name     string
		ours     sdp.Direction
		stopped  bool
		offered  sdp.Direction
		answered sdp.Direction
	}{
		{"they do all", sdp.Sendrecv, false, sdp.Sendrecv, sdp.Sendrecv},
		{"they only send", sdp.Sendrecv, false, sdp.Sendonly, sdp.Recvonly},
		{"they only receive", sdp.Sendrecv, false, sdp.Recvonly, sdp.Sendonly},
		{"they do nothing", sdp.Sendrecv, false, sdp.Inactive, sdp.Inactive},
		{"we only send, they do all", sdp.Sendonly, false, sdp.Sendrecv, sdp.Sendonly},
		{"both only send", sdp.Sendonly, false, sdp.Sendonly, sdp.Inactive},
		{"we only send, they only receive", sdp.Sendonly, false, sdp.Recvonly, sdp.Sendonly},
		{"we only send, they do nothing", sdp.Sendonly, false, sdp.Inactive, sdp.Inactive},
		{"stopped, they do all", sdp.Sendrecv, true, sdp.Sendrecv, sdp.Inactive},
		{"stopped, they only send", sdp.Sendrecv, true, sdp.Sendonly, sdp.Inactive},
		{"stopped, they only receive", sdp.Sendrecv, true, sdp.Recvonly, sdp.Inactive},
		{"stopped, they do nothing", sdp.Sendrecv, true, sdp.Inactive, sdp.Inactive},
	} {
		t.Run(c.name, func(t *testing.T) {
			pc := offline(t)
			defer pc.Close()
			track, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus}, "track", "stream")
			if err != nil {
				t.Fatal(err)
			}
			h := held.New(&Connection{pc: pc, prefix: "i"}, false, false)
			exchange := func(d sdp.Direction) sdp.Direction {
				t.Helper()
				offer := goodOffer(t, webrtc.RTPCodecTypeAudio)
				described := sdp.Parse(offer.SDP)
				described.Media[0].SetDirection(d)
				offer.SDP = described.String()
				if err := h.SetRemoteDescription(offer); err != nil {
					t.Fatal(err)
				}
				answer, err := h.SetLocalDescription()
				if err != nil {
					t.Fatal(err)
				}
				return sdp.Parse(answer.SDP).Media[0].Direction
			}
			transceiver, err := pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.NewRTPTransceiverDirection(c.ours.String())})
			if err != nil {
				t.Fatal(err)
			}
			if err := transceiver.SetMid("0"); err != nil {
				t.Fatal(err)
			}
			if c.stopped {
				if err := transceiver.Stop(); err != nil {
					t.Fatal(err)
				}
			}
			if answered := exchange(c.offered); answered != c.answered {
				t.Errorf("answered %s, not %s", answered, c.answered)
			}
			if c.stopped {
				c.ours = sdp.Inactive
			}
			if became := transceiver.Direction().String(); became != c.ours.String() {
				t.Errorf("became %s", became)
			}
		})
	}
}

// TestTheNextDescriptionWaits expects the next description to wait until the first
// exchange has started ICE. pion does that on a goroutine of its own, which is kept
// busy here.
func TestTheNextDescriptionWaits(t *testing.T) {
	pc := offline(t)
	defer pc.Close()
	busy, free := make(chan struct{}), make(chan struct{})
	pc.OnNegotiationNeeded(sync.OnceFunc(func() {
		close(busy)
		<-free
	}))
	if _, err := pc.CreateDataChannel("", nil); err != nil {
		t.Fatal(err)
	}
	<-busy
	h := held.New(&Connection{pc: pc, prefix: "i"}, false, false)
	offer := goodOffer(t)
	if err := h.SetRemoteDescription(offer); err != nil {
		t.Fatal(err)
	}
	if _, err := h.SetLocalDescription(); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(100*time.Millisecond, func() { close(free) })
	if err := h.SetRemoteDescription(offer); err != nil {
		t.Fatal(err)
	}
	select {
	case <-free:
	default:
		t.Error("it did not wait")
	}
}
