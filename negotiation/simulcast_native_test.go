//go:build !js

package negotiation_test

import (
	"slices"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/trace"
)

// TestSimulcastInATakenSection has the impolite side send layers that only their rids tell
// apart, in a section that takes a track of the polite side: that one has dropped its offer
// with a mid of its own. pion matches layers by the mid in the packets.
// https://www.rfc-editor.org/rfc/rfc8853
func TestSimulcastInATakenSection(t *testing.T) {
	newSide := func(name string) *side {
		media := &webrtc.MediaEngine{}
		if err := media.RegisterDefaultCodecs(); err != nil {
			t.Fatal(err)
		}
		if err := webrtc.ConfigureSimulcastExtensionHeaders(media); err != nil {
			t.Fatal(err)
		}
		return newSideWith(t, name, newPeerConnectionWith(t, negotiation.PoliteConfiguration(webrtc.Configuration{}), media))
	}
	p, i := newSide("polite"), newSide("impolite")
	p.attach(i)
	i.attach(p)

	layers := []string{"q", "h"}
	var tracks []*webrtc.TrackLocalStaticRTP
	for _, rid := range layers {
		track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}, "layers", "layers", webrtc.WithRTPStreamID(rid))
		if err != nil {
			t.Fatal(err)
		}
		tracks = append(tracks, track)
	}
	var sender *webrtc.RTPSender
	heard := make(chan *webrtc.TrackRemote, len(layers))
	p.pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) { heard <- track })

	both(p, i, func(s *side) { s.deafen() })
	own, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}, "own", "own")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.s.Do(func() error { _, err := p.pc.AddTrack(own); return err }); err != nil {
		t.Fatal(err)
	}
	if err := i.s.Do(func() (err error) {
		if sender, err = i.pc.AddTrack(tracks[0]); err != nil {
			return err
		}
		return sender.AddEncoding(tracks[1])
	}); err != nil {
		t.Fatal(err)
	}
	p.until(trace.OfferSending, 1)
	i.until(trace.OfferSending, 1)
	for _, s := range []*side{p, i} {
		s.mu.Lock()
		s.hear()
		s.mu.Unlock()
	}
	for range 3 {
		p.negotiated()
		i.negotiated()
	}
	p.until(trace.CollisionRollback, 1)
	var all []string
	for _, transceiver := range p.pc.GetTransceivers() {
		if transceiver.Direction() != webrtc.RTPTransceiverDirectionInactive {
			all = append(all, transceiver.Mid()+" "+transceiver.Direction().String())
		}
	}
	if mid := i.pc.GetTransceivers()[0].Mid(); !slices.Equal(all, []string{mid + " sendrecv"}) {
		t.Fatalf("the section %q has not taken the track: %q", mid, all)
	}

	ids := map[string]uint8{}
	for _, extension := range sender.GetParameters().HeaderExtensions {
		ids[extension.URI] = uint8(extension.ID)
	}
	const mid, rid = "urn:ietf:params:rtp-hdrext:sdes:mid", "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	var rids []string
	for n, timeout := uint16(0), time.After(20*time.Second); len(rids) < len(layers); {
		select {
		case track := <-heard:
			rids = append(rids, track.RID())
		case <-again.C:
			n++
			for k, track := range tracks {
				packet := &rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: n}, Payload: []byte{0x10, 0}}
				_ = packet.SetExtension(ids[mid], []byte(i.pc.GetTransceivers()[0].Mid()))
				_ = packet.SetExtension(ids[rid], []byte(layers[k]))
				_ = track.WriteRTP(packet)
			}
		case <-timeout:
			t.Fatalf("only %q are received\n%s", rids, p.pc.CurrentRemoteDescription().SDP)
		}
	}
	slices.Sort(rids)
	if !slices.Equal(rids, []string{"h", "q"}) {
		t.Errorf("received %q", rids)
	}
}
