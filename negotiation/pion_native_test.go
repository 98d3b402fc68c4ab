//go:build !js

package negotiation

import (
	"sync"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"
)

// TestShield takes an offer in which a section says a direction, with a track of
// ours in that section, or with a stopped transceiver.
func TestShield(t *testing.T) {
	for _, c := range []struct {
		name     string
		ours     direction
		stopped  bool
		offered  direction
		answered direction
	}{
		{"they do all", sendrecv, false, sendrecv, sendrecv},
		{"they only send", sendrecv, false, sendonly, recvonly},
		{"they only receive", sendrecv, false, recvonly, sendonly},
		{"they do nothing", sendrecv, false, inactive, inactive},
		{"we only send, they do all", sendonly, false, sendrecv, sendonly},
		{"both only send", sendonly, false, sendonly, inactive},
		{"we only send, they only receive", sendonly, false, recvonly, sendonly},
		{"we only send, they do nothing", sendonly, false, inactive, inactive},
		{"stopped, they do all", sendrecv, true, sendrecv, inactive},
		{"stopped, they only send", sendrecv, true, sendonly, inactive},
		{"stopped, they only receive", sendrecv, true, recvonly, inactive},
		{"stopped, they do nothing", sendrecv, true, inactive, inactive},
	} {
		t.Run(c.name, func(t *testing.T) {
			pc := offline(t)
			defer pc.Close()
			track, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus}, "track", "stream")
			if err != nil {
				t.Fatal(err)
			}
			h := &held{pc: &pion{pc: pc, prefix: "i"}}
			exchange := func(d direction) direction {
				t.Helper()
				offer := goodOffer(t, webrtc.RTPCodecTypeAudio)
				offer.SDP = withDirections(offer.SDP, []section{{direction: d}})
				if err := h.SetRemoteDescription(offer); err != nil {
					t.Fatal(err)
				}
				answer, err := h.SetLocalDescription()
				if err != nil {
					t.Fatal(err)
				}
				return read(answer.SDP).lines[0].dir
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
				c.ours = inactive
			}
			if became := transceiver.Direction().String(); became != c.ours.String() {
				t.Errorf("became %s", became)
			}
		})
	}
}

// TestTheNextDescriptionWaits until the first exchange has started ICE. pion does
// that on a goroutine of its own, which is kept busy here.
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
	h := &held{pc: &pion{pc: pc, prefix: "i"}}
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
