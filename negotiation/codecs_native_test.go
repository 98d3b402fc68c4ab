//go:build !js

package negotiation_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/trace"
)

// newSideWithVideo has a codec for audio and one for video.
func newSideWithVideo(t *testing.T, name, mime string) *side {
	t.Helper()
	media := &webrtc.MediaEngine{}
	for kind, codec := range map[webrtc.RTPCodecType]webrtc.RTPCodecParameters{
		webrtc.RTPCodecTypeAudio: {RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}, PayloadType: 111},
		webrtc.RTPCodecTypeVideo: {RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: mime, ClockRate: 90000}, PayloadType: 96},
	} {
		if err := media.RegisterCodec(codec, kind); err != nil {
			t.Fatal(err)
		}
	}
	return newSideWith(t, name, newPeerConnectionWith(t, negotiation.PoliteConfiguration(webrtc.Configuration{}), media))
}

// TestNoCommonCodec connects two that both send video, in codecs that the other
// one does not have. Each rejects the section of the other, and all else works.
func TestNoCommonCodec(t *testing.T) {
	for _, with := range []string{"", "data", "audio", "data audio"} {
		for _, first := range []string{"polite", "impolite", "both"} {
			t.Run(strings.ReplaceAll(strings.TrimSpace("video "+with+" from "+first), " ", "_"), func(t *testing.T) {
				p, i := newSideWithVideo(t, "polite", webrtc.MimeTypeVP8), newSideWithVideo(t, "impolite", webrtc.MimeTypeH264)
				p.attach(i)
				i.attach(p)
				begin := func(s *side) { s.add("video " + with) }
				switch first {
				case "polite":
					begin(p)
				case "impolite":
					begin(i)
				default:
					both(p, i, begin)
				}
				rest := func() {
					for range 3 {
						p.negotiated()
						i.negotiated()
					}
				}
				rest()
				for _, s := range []*side{p, i, p} {
					s.s.Renegotiate()
					rest()
				}
				both(p, i, func(s *side) { s.add("video") })
				rest()
				i.s.RestartICE()
				rest()
				i.connect("late")
				p.connect("late")
				for _, s := range []*side{p, i} {
					for range 2 {
						for s.channel().Label() != "late" {
						}
					}
				}
				rest()
				for _, s := range []*side{p, i} {
					s.s.Renegotiate()
					rest()
					live := func(kind string) int { return strings.Count(s.answer, "m="+kind+" 9 ") }
					if n := live("video"); n > 0 {
						t.Errorf("%s: %d sections of video in\n%s", s.name, n, s.answer)
					}
					if wanted := strings.Contains(with, "audio"); wanted != (live("audio") > 0) {
						t.Errorf("%s: %d sections of audio in\n%s", s.name, live("audio"), s.answer)
					}
				}
			})
		}
	}
}

// TestATrackThatNobodyTakes adds a track in a codec that the other side does not
// have, to a section with one that both have. All else works, and so does a track
// that takes its place.
func TestATrackThatNobodyTakes(t *testing.T) {
	for _, from := range []string{"polite", "impolite"} {
		for _, when := range []string{"first of all", "with a channel", "after a channel", "in a collision"} {
			t.Run(strings.ReplaceAll(from+" "+when, " ", "_"), func(t *testing.T) {
				t.Parallel()
				ours, theirs := newSide(t, from), newSideWithVideo(t, map[string]string{"polite": "impolite", "impolite": "polite"}[from], webrtc.MimeTypeVP8)
				ours.expected = trace.SendFailed
				ours.attach(theirs)
				theirs.attach(ours)
				rest := func() {
					for range 3 {
						ours.negotiated()
						theirs.negotiated()
					}
				}
				if when == "after a channel" {
					ours.connect("data")
					rest()
				}
				heard := make(chan string, 1)
				theirs.pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) { heard <- track.ID() })
				tracks := map[string]*webrtc.TrackLocalStaticRTP{}
				for _, mime := range []string{webrtc.MimeTypeH264, webrtc.MimeTypeVP8} {
					track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: mime, ClockRate: 90000}, mime, "stream")
					if err != nil {
						t.Fatal(err)
					}
					tracks[mime] = track
				}
				var sender *webrtc.RTPSender
				add := func() (err error) {
					if when == "with a channel" {
						err = ours.create("data")
					}
					if err == nil {
						sender, err = ours.pc.AddTrack(tracks[webrtc.MimeTypeH264])
					}
					return err
				}
				if when == "in a collision" {
					ours.deafen()
					theirs.deafen()
					both(ours, theirs, func(s *side) {
						if s == theirs {
							s.add("video data")
						} else if err := s.s.Do(add); err != nil {
							t.Error(err)
						}
					})
				} else if err := ours.s.Do(add); err != nil {
					t.Fatal(err)
				}
				rest()
				if when == "first of all" {
					theirs.connect("data")
				}
				ours.channel()
				theirs.channel()
				if ours.count(trace.SendFailed) == 0 {
					t.Error("nobody was told")
				}
				before := ours.count(trace.SendFailed)
				if err := ours.s.Do(func() error { return sender.ReplaceTrack(tracks[webrtc.MimeTypeVP8]) }); err != nil {
					t.Fatal(err)
				}
				rest()
				if ours.count(trace.SendFailed) != before {
					t.Error("a track that the other side takes cannot be sent either")
				}
				again := time.NewTicker(20 * time.Millisecond)
				defer again.Stop()
				for timeout := time.After(20 * time.Second); ; {
					select {
					case id := <-heard:
						if id != webrtc.MimeTypeVP8 {
							t.Errorf("track %q", id)
						}
						return
					case <-again.C:
						if err := tracks[webrtc.MimeTypeVP8].WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2}, Payload: []byte{0}}); err != nil {
							t.Error(err)
						}
					case <-timeout:
						t.Fatal("it does not come")
					}
				}
			})
		}
	}
}
