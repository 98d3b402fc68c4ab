//go:build !js

package pion

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/held"
	"perfect-negotiation/negotiation/internal/sdp"
)

// TestTheSectionOfTheTransport offers video and data. The data section carries the
// transport though it is last: its mid comes first in the BUNDLE group, and the
// candidates belong to it.
func TestTheSectionOfTheTransport(t *testing.T) {
	pc := offlineWith(t, vp8)
	defer pc.Close()
	_, err := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo)
	must(t, err)
	_, err = pc.CreateDataChannel("data", nil)
	must(t, err)
	p := &Connection{pc: pc, prefix: "i"}
	offered := offer(t, held.New(p, true, false))
	parsed := offered
	sections := parsed.Sections()
	if group := parsed.Bundle(); len(sections) != 2 || len(group) != 2 || group[0] != sections[1].Mid {
		t.Fatalf("the group is %q of %+v", group, sections)
	}

	var c webrtc.ICECandidateInit
	p.place(&c)
	if c.SDPMid == nil || *c.SDPMid != sections[1].Mid || *c.SDPMLineIndex != 1 {
		t.Errorf("a candidate is for %+v", c)
	}

	const candidate = "1 1 udp 1 192.0.2.1 9 typ host"
	parsed.Media[0].Add("candidate", candidate)
	if made := p.arrange(parsed).Media; len(made) != 2 || made[0].Has("candidate") || !slices.Contains(made[1].Values("candidate"), candidate) {
		t.Errorf("a candidate is elsewhere in\n%s", parsed)
	}
}

// TestTheSameMidTwice has the application give a transceiver the mid that pion gives
// to the data section.
func TestTheSameMidTwice(t *testing.T) {
	pc := offlineWith(t, vp8)
	defer pc.Close()
	transceiver, err := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo)
	must(t, err)
	must(t, transceiver.SetMid("1"))
	_, err = pc.CreateDataChannel("data", nil)
	must(t, err)
	if d, err := (held.New(&Connection{pc: pc, prefix: "i"}, false, false)).SetLocalDescription(); err == nil {
		t.Errorf("offered\n%s", d.SDP)
	}
}

// TestTheirMidIsOfAnotherKind has the other side give audio the mid of a video
// section that was offered and withdrawn. pion would answer with video.
func TestTheirMidIsOfAnotherKind(t *testing.T) {
	pc := offlineWith(t, opus, vp8)
	defer pc.Close()
	_, err := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo)
	must(t, err)
	h := held.New(&Connection{pc: pc, prefix: "p"}, true, false)
	mid := offer(t, h).Media[0].Mid
	err = h.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: described(mediaSection("audio", mid, "opus/48000/2"))})
	if !errors.Is(err, held.ErrRefused) || !strings.Contains(err.Error(), "with kind video, not audio") {
		t.Errorf("error %v", err)
	}
	h.Pending = nil
	goesOn(t, h, mid)
}

// TestATransceiverOfAnotherCodec offers video to a connection whose transceiver
// accepts video in another codec only. It must not be used for that section.
func TestATransceiverOfAnotherCodec(t *testing.T) {
	h264 := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeH264, ClockRate: 90000}
	pc := offlineWith(t, vp8, h264)
	defer pc.Close()
	transceiver, err := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
	must(t, err)
	must(t, transceiver.SetCodecPreferences([]webrtc.RTPCodecParameters{{RTPCodecCapability: h264, PayloadType: 97}}))
	h := held.New(&Connection{pc: pc, prefix: "i"}, false, false)
	if answer := answered(t, h, described(mediaSection("video", "0", "VP8/90000"))); answer[0].Rejected || transceiver.Mid() == "0" {
		t.Errorf("answered %+v by the transceiver %q", answer, transceiver.Mid())
	}
}

// TestACandidateOfWhatPionHasNotSeen adds a candidate for an offer that is hidden
// from pion.
func TestACandidateOfWhatPionHasNotSeen(t *testing.T) {
	pc := offlineWith(t, vp8)
	defer pc.Close()
	h := held.New(&Connection{pc: pc, prefix: "i"}, false, false)
	answered(t, h, described(mediaSection("video", "0", "H264/90000")))
	must(t, h.AddICECandidate(&webrtc.ICECandidateInit{Candidate: "candidate:1 1 udp 1 192.0.2.1 9 typ host"}))
}

// TestATransceiverThatOnlySends has the other side offer to send, too. A transceiver
// that only sends may have no receiver, and must not be used for that section.
func TestATransceiverThatOnlySends(t *testing.T) {
	pc := offlineWith(t, opus)
	defer pc.Close()
	transceiver, err := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeAudio, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	must(t, err)
	h := held.New(&Connection{pc: pc, prefix: "i"}, false, false)
	for _, offered := range []string{"sendrecv", "recvonly", "sendonly"} {
		section := strings.Replace(mediaSection("audio", "0", "opus/48000/2"), "a=sendrecv", "a="+offered, 1)
		answer := answered(t, h, described(section))
		if transceiver.Mid() == "0" || transceiver.Direction() != webrtc.RTPTransceiverDirectionSendonly {
			t.Errorf("offered %s, answered %+v by the transceiver %q, which is %s", offered, answer, transceiver.Mid(), transceiver.Direction())
		}
	}
	goesOn(t, h, "sendonly")
}

// TestTheyRejectOurs has an offer reject a section. Its transceiver ends with it.
func TestTheyRejectOurs(t *testing.T) {
	pc := offlineWith(t, opus)
	defer pc.Close()
	track, err := webrtc.NewTrackLocalStaticSample(opus, "track", "stream")
	must(t, err)
	_, err = pc.AddTrack(track)
	must(t, err)
	transceiver := pc.GetTransceivers()[0]
	h := held.New(&Connection{pc: pc, prefix: "i"}, false, false)
	audio := mediaSection("audio", "0", "opus/48000/2")
	answered(t, h, described(audio, dataSection("1")))
	if transceiver.Mid() != "0" {
		t.Fatalf("the mid is %q", transceiver.Mid())
	}
	answered(t, h, described(rejection("audio", "0"), dataSection("1")))
	if d := transceiver.Direction(); d != webrtc.RTPTransceiverDirectionInactive {
		t.Errorf("it is %s", d)
	}
}

// TestTheFirstAnswerRejectsAll sends such an answer to an offer that has been set.
// pion has no way back.
func TestTheFirstAnswerRejectsAll(t *testing.T) {
	pc := offlineWith(t, opus)
	defer pc.Close()
	_, err := pc.CreateDataChannel("data", nil)
	must(t, err)
	h := held.New(&Connection{pc: pc, prefix: "i"}, false, false)
	mid := offer(t, h).Media[0].Mid
	err = h.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: sdp.Rejecting([]sdp.Section{{Mid: mid, Kind: "application"}}).String()})
	if state := h.SignalingState(); !errors.Is(err, held.ErrRefused) || state != webrtc.SignalingStateHaveLocalOffer {
		t.Errorf("error %v in %s", err, state)
	}
	must(t, h.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: described(dataSection(mid))}))
}

// TestPayloadTypesOfBefore attaches to a connection that has negotiated payload
// types. A payload type that now means another codec is left out, and a section
// without any codec left is rejected.
func TestPayloadTypesOfBefore(t *testing.T) {
	h264 := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeH264, ClockRate: 90000}
	pc := offlineWith(t, vp8, h264)
	defer pc.Close()
	first := mediaSection("video", "0", "VP8/90000", "H264/90000")
	must(t, pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: described(first)}))
	answer, err := pc.CreateAnswer(nil)
	must(t, err)
	must(t, pc.SetLocalDescription(answer))
	h, err := Adapt(pc, false, held.Hooks{Enqueue: func(func()) {}, Recheck: func() {}})
	must(t, err)
	if sections := answered(t, h.PeerConnection, described(rejection("video", "0"), mediaSection("video", "1", "H264/90000"))); !sections[1].Rejected {
		t.Errorf("answered %+v", sections)
	}
	goesOn(t, h.PeerConnection, "H264")
}
