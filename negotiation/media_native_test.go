//go:build !js

package negotiation_test

import (
	"testing"
	"time"

	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media"

	"perfect-negotiation/negotiation/trace"
)

// TestADroppedOfferSendsNothing has packets come faster than signalling. pion
// would send a track of an offer that was dropped, and for want of a section the
// other side would make a transceiver of its own for it.
func TestADroppedOfferSendsNothing(t *testing.T) {
	polite, impolite := pair(t)
	polite.connect("data")
	dc := polite.channel()
	impolite.channel()
	impolite.negotiated()
	heard := make(chan string, 4)
	impolite.pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		if _, _, err := track.ReadRTP(); err == nil {
			heard <- track.ID()
		}
	})

	polite.deafen()
	impolite.s.Renegotiate()
	impolite.until(trace.OfferSending, 1)
	impolite.deafen()
	written := polite.addAudio("microphone")
	polite.until(trace.AnswerSending, 1)
	for range 25 {
		<-written
	}
	if err := dc.SendText("comes after them"); err != nil {
		t.Fatal(err)
	}
	<-impolite.messages
	if n := len(impolite.pc.GetTransceivers()); n != 0 {
		t.Errorf("there are %d transceivers, and none was negotiated", n)
	}
	impolite.mu.Lock()
	impolite.hear()
	impolite.mu.Unlock()
	if id := <-heard; id != "microphone" {
		t.Errorf("track %q", id)
	}
	if n := len(impolite.pc.GetTransceivers()); n != 1 {
		t.Errorf("there are %d transceivers, and one was negotiated", n)
	}
}

// addAudio adds a track on which packets are written until the test ends, and
// returns a channel with a value for each.
func (p *side) addAudio(id string) (written <-chan struct{}) {
	p.t.Helper()
	track, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus}, id, "stream")
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.s.Do(func() error {
		_, err := p.pc.AddTrack(track)
		return err
	}); err != nil {
		p.t.Fatal(err)
	}
	packets, stop, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		again := time.NewTicker(20 * time.Millisecond)
		defer again.Stop()
		for {
			select {
			case <-again.C:
				if err := track.WriteSample(media.Sample{Data: []byte{0xf8, 0xff, 0xfe}, Duration: 20 * time.Millisecond}); err != nil {
					p.t.Error(err)
				}
				select {
				case packets <- struct{}{}:
				default: // nobody counts now
				}
			case <-stop:
				return
			}
		}
	}()
	p.t.Cleanup(func() {
		close(stop)
		<-done
	})
	return packets
}
