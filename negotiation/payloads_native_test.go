//go:build !js

package negotiation_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/trace"
)

// newPeerConnectionFrom returns a connection with pion's interceptors after these.
func newPeerConnectionFrom(t *testing.T, registry *interceptor.Registry) *webrtc.PeerConnection {
	t.Helper()
	media, engine := &webrtc.MediaEngine{}, webrtc.SettingEngine{}
	engine.SetIncludeLoopbackCandidate(true)
	if err := media.RegisterDefaultCodecs(); err != nil {
		t.Fatal(err)
	}
	if err := webrtc.RegisterDefaultInterceptors(media, registry); err != nil {
		t.Fatal(err)
	}
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(engine), webrtc.WithMediaEngine(media), webrtc.WithInterceptorRegistry(registry)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	return pc
}

// rtpWriter is a track.
type rtpWriter interface{ WriteRTP(*rtp.Packet) error }

// send writes packets to tracks until the test ends.
func send[T rtpWriter](t *testing.T, tracks []T) {
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		again := time.NewTicker(10 * time.Millisecond)
		defer again.Stop()
		for n := uint16(0); ; n++ {
			select {
			case <-again.C:
			case <-stop:
				return
			}
			for _, track := range tracks {
				_ = track.WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: n, Timestamp: uint32(n) * 960}, Payload: []byte{1, 2, 3}})
			}
		}
	}()
	t.Cleanup(func() {
		close(stop)
		<-done
	})
}

// tracks adds tracks of these kinds, with ids that name the place.
func tracks(t *testing.T, pc *webrtc.PeerConnection, mimes ...string) (list []*webrtc.TrackLocalStaticRTP) {
	t.Helper()
	for i, mime := range mimes {
		track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: mime}, fmt.Sprint("track-", i), "stream")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := pc.AddTrack(track); err != nil {
			t.Fatal(err)
		}
		list = append(list, track)
	}
	return list
}

// awaits takes packets until each track has come under its number last. A packet may
// still come under one from before. Tracks with no number may come, or may come no more.
func awaits(t *testing.T, came chan packet, right map[string]uint8) {
	t.Helper()
	last := map[string]uint8{}
	timeout := time.After(10 * time.Second)
	for !maps.Equal(last, right) {
		select {
		case p := <-came:
			if right[p.track] != 0 {
				last[p.track] = p.number
			}
		case <-timeout:
			t.Fatalf("packets came as %v, not %v", last, right)
		}
	}
	for range 20 * len(right) { // and under no other
		if p := <-came; right[p.track] != 0 && p.number != right[p.track] {
			t.Fatalf("a packet of %s came with %d after %d", p.track, p.number, right[p.track])
		}
	}
}

var payloadTypes = []struct {
	name     string
	sections []numbers // by section, of those that pion would use
	right    map[string]uint8
}{
	{"differ between sections", []numbers{{111: 111}, {111: 109}, {96: 100, 97: 101}}, map[string]uint8{"track-0": 111, "track-1": 109, "track-2": 100}},
	{"change", []numbers{{111: 111}, {111: 109}, {96: 96, 97: 97}}, map[string]uint8{"track-0": 111, "track-1": 109, "track-2": 96}},
	{"change twice", []numbers{{111: 109}, {111: 111}, {96: 100, 97: 101}}, map[string]uint8{"track-0": 109, "track-1": 111, "track-2": 100}},
}

// TestPayloadTypes has another stack give each section its own payload types, and change
// them while both sides send.
// https://www.rfc-editor.org/rfc/rfc3264#section-8.3.2
func TestPayloadTypes(t *testing.T) {
	theirs := newStack(t)
	payloads, registry := &negotiation.PayloadTypes{}, &interceptor.Registry{}
	registry.Add(payloads)
	pc := newPeerConnectionFrom(t, registry)
	if _, err := payloads.NewInterceptor(""); err == nil {
		t.Error("it serves two connections")
	}
	came := make(chan packet, 4096)
	pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for {
			p, _, err := track.ReadRTP()
			if err != nil {
				return
			}
			if uint8(track.PayloadType()) != p.PayloadType {
				t.Errorf("%s has payload type %d and a packet with %d", track.ID(), track.PayloadType(), p.PayloadType)
			}
			came <- packet{track.ID(), p.PayloadType}
		}
	})
	answers := make(chan string, 1)
	s := attached(t, pc, answers, func(trace.Event) {}, negotiation.WithPayloadTypes(payloads))
	mimes := []string{webrtc.MimeTypeOpus, webrtc.MimeTypeOpus, webrtc.MimeTypeVP8}
	send(t, tracks(t, theirs.pc, mimes...))
	onlyVP8(t, theirs.pc)
	var ours []*webrtc.TrackLocalStaticRTP
	if err := s.Do(func() error { ours = tracks(t, pc, mimes...); return nil }); err != nil {
		t.Fatal(err)
	}
	send(t, ours)
	for _, c := range payloadTypes {
		offer := theirs.offer(c.sections...)
		if err := s.Receive(negotiation.Message{Description: &webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}}); err != nil {
			t.Fatal(err)
		}
		theirs.answered(<-answers)
		t.Run(c.name, func(t *testing.T) {
			awaits(t, theirs.came, c.right)
			awaits(t, came, c.right)
		})
	}
}

// TestPayloadTypesOfOthers is without the interceptor: nothing is sent under a payload type
// that was not negotiated in its section, and what is not sent is said.
func TestPayloadTypesOfOthers(t *testing.T) {
	theirs, pc := newStack(t), newPeerConnectionFrom(t, &interceptor.Registry{})
	answers, told := make(chan string, 1), make(chan trace.Event, 16)
	s := attached(t, pc, answers, func(e trace.Event) {
		if e.Code == trace.PayloadRenumbered {
			told <- e
		}
	}, negotiation.WithPayloadTypes(&negotiation.PayloadTypes{}))
	mimes := []string{webrtc.MimeTypeOpus, webrtc.MimeTypeOpus, webrtc.MimeTypeVP8}
	tracks(t, theirs.pc, mimes...)
	onlyVP8(t, theirs.pc)
	var ours []*webrtc.TrackLocalStaticRTP
	if err := s.Do(func() error { ours = tracks(t, pc, mimes...); return nil }); err != nil {
		t.Fatal(err)
	}
	send(t, ours)
	for i, c := range []struct {
		kind     trace.Kind
		right    map[string]uint8
		rejected int
	}{
		{trace.SendFailed, map[string]uint8{"track-0": 111, "track-2": 100}, 0},
		{trace.SectionRejected, map[string]uint8{"track-0": 111}, 1},
	} {
		offer := theirs.offer(payloadTypes[i].sections...)
		if err := s.Receive(negotiation.Message{Description: &webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}}); err != nil {
			t.Fatal(err)
		}
		answer := <-answers
		if n := strings.Count(answer, "m=video 0 "); n != c.rejected || strings.Count(answer, "m=audio 9 ") != 2 {
			t.Errorf("answered\n%s", answer)
		}
		theirs.answered(answer)
		if e := <-told; e.Kind != c.kind {
			t.Errorf("told %s", e)
		}
		awaits(t, theirs.came, c.right)
	}
	theirs.mu.Lock()
	defer theirs.mu.Unlock()
	if theirs.heard["track-1"] {
		t.Error("a track came under a payload type of another section")
	}
}

// onlyVP8 leaves one codec for video.
func onlyVP8(t *testing.T, pc *webrtc.PeerConnection) {
	t.Helper()
	for _, tr := range pc.GetTransceivers() {
		if tr.Kind() == webrtc.RTPCodecTypeVideo {
			if err := tr.SetCodecPreferences([]webrtc.RTPCodecParameters{
				{RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}, PayloadType: 96},
				{RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeRTX, ClockRate: 90000, SDPFmtpLine: "apt=96"}, PayloadType: 97},
			}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// attached returns a Session whose answers go to a channel. Its candidates go nowhere: the
// other side learns its address from the checks.
func attached(t *testing.T, pc *webrtc.PeerConnection, answers chan<- string, told func(trace.Event), options ...negotiation.Option) *negotiation.Session {
	t.Helper()
	s, err := negotiation.Attach(pc, negotiation.Polite, func(m negotiation.Message) error {
		if m.Description != nil && m.Description.Type == webrtc.SDPTypeAnswer {
			answers <- m.Description.SDP
		}
		return nil
	}, append(options, negotiation.WithTrace(told))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Close()
		<-s.Done()
		_ = pc.Close()
	})
	return s
}
