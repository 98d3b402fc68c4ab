//go:build !js

package negotiation

import (
	"fmt"
	"slices"
	"testing"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/sdp"
)

// maxSection bounds the bytes of a section that pion makes.
const maxSection = 6 << 10

// change makes a random change.
func (p *party) change() {
	n := p.IntN(12)
	if n == 0 {
		p.s.Renegotiate()
		return
	}
	p.do(func() error {
		all := p.pc.GetTransceivers() // pion's own list
		kind := []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo}[n%2]
		switch {
		case n <= 2:
			return p.create()
		case n <= 4 && len(all) < maxTransceivers:
			return p.addTransceiver(kind)
		case n <= 7:
			return p.addTrack(kind, all)
		case len(all) == 0:
			return nil
		}
		t := all[p.IntN(len(all))]
		sends := t.Sender() != nil && sdp.DirectionOf(t.Direction().String())&sdp.Sendonly != 0
		switch {
		case n == 8 && p.stops < maxStops:
			p.stops++
			return t.Stop()
		case n <= 10 && sends:
			return p.pc.RemoveTrack(t.Sender())
		case n == 11 && sends && p.IntN(2) == 0:
			return t.Sender().ReplaceTrack(nil)
		case n == 11 && sends:
			return t.Sender().ReplaceTrack(p.media.track(t.Kind()))
		}
		return nil
	})
}

// addTransceiver adds one with any direction, which plays something if it can.
func (p *party) addTransceiver(kind webrtc.RTPCodecType) error {
	var t *webrtc.RTPTransceiver
	var err error
	switch sdp.Direction(p.IntN(3)) + 1 {
	case sdp.Recvonly:
		_, err = p.pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
	case sdp.Sendonly:
		t, err = p.pc.AddTransceiverFromTrack(p.media.track(kind), webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	default:
		t, err = p.pc.AddTransceiverFromTrack(p.media.track(kind))
	}
	if t != nil && err == nil {
		p.drain(t.Sender())
	}
	return err
}

// addTrack sends a new track on a transceiver that does not send, or on a new one.
// AddTrack of the PeerConnection would not take all of the former.
func (p *party) addTrack(kind webrtc.RTPCodecType, all []*webrtc.RTPTransceiver) error {
	track := p.media.track(kind)
	idle := slices.DeleteFunc(slices.Clone(all), func(t *webrtc.RTPTransceiver) bool { return t.Kind() != kind || t.Sender() != nil })
	switch {
	case len(idle) > 0:
		sender, err := withLoopback().NewRTPSender(track, p.pc.SCTP().Transport())
		if err != nil {
			return err
		}
		p.drain(sender)
		return idle[p.IntN(len(idle))].SetSender(sender, track)
	case len(all) < maxTransceivers:
		sender, err := p.pc.AddTrack(track)
		if err == nil {
			p.drain(sender)
		}
		return err
	}
	return nil
}

// drain reads the reports on what a sender sends, which pion keeps otherwise.
func (p *party) drain(sender *webrtc.RTPSender) {
	go func() {
		for {
			if _, _, err := sender.ReadRTCP(); err != nil {
				return
			}
		}
	}()
}

// TestStressWithBrowser is TestStress with a native side and one in a browser.
func TestStressWithBrowser(t *testing.T) {
	for _, browser := range []string{"polite", "impolite"} {
		t.Run("browser is "+browser, func(t *testing.T) {
			withBrowser(t, "TestStressWithNative", browser, func(make func(*testing.T) *party) {
				p := make(t)
				stress(p)
				p.report()
				p.finish()
			}, "-rounds", fmt.Sprint(*rounds), "-seed", fmt.Sprint(*seed))
		})
	}
}
