//go:build !js

package pion

import (
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/held"
	"perfect-negotiation/negotiation/internal/sdp"
)

// TestTaken offers a section to a connection with a transceiver of its own, before and
// after it has made an offer, which is dropped then. Only one that AddTrack made is taken.
// https://www.rfc-editor.org/rfc/rfc8829#section-5.10
func TestTaken(t *testing.T) {
	track := func(t *testing.T, options ...func(*webrtc.TrackLocalStaticRTP)) webrtc.TrackLocal {
		track, err := webrtc.NewTrackLocalStaticRTP(vp8, "track", "stream", options...)
		must(t, err)
		return track
	}
	addTrack := func(t *testing.T, pc *webrtc.PeerConnection) {
		_, err := pc.AddTrack(track(t))
		must(t, err)
	}
	fromKind := func(direction webrtc.RTPTransceiverDirection) func(*testing.T, *webrtc.PeerConnection) {
		return func(t *testing.T, pc *webrtc.PeerConnection) {
			_, err := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, webrtc.RTPTransceiverInit{Direction: direction})
			must(t, err)
		}
	}
	for _, c := range []struct {
		name    string
		add     func(*testing.T, *webrtc.PeerConnection)
		offered string
		taken   bool
	}{
		{"AddTrack", addTrack, "sendrecv", true},
		{"AddTrack, they only receive", addTrack, "recvonly", true},
		{"AddTrack, they only send", addTrack, "sendonly", false},
		{"AddTrack, they do nothing", addTrack, "inactive", false},
		{"AddTransceiver", fromKind(webrtc.RTPTransceiverDirectionSendrecv), "sendrecv", false},
		{"AddTransceiver, they only receive", fromKind(webrtc.RTPTransceiverDirectionSendrecv), "recvonly", false},
		{"one that only receives", fromKind(webrtc.RTPTransceiverDirectionRecvonly), "sendrecv", false},
		{"one that only receives, and they only send", fromKind(webrtc.RTPTransceiverDirectionRecvonly), "sendonly", false},
		{"one that only sends", fromKind(webrtc.RTPTransceiverDirectionSendonly), "recvonly", false},
		{"a track in layers", func(t *testing.T, pc *webrtc.PeerConnection) {
			sender, err := pc.AddTrack(track(t, webrtc.WithRTPStreamID("a")))
			must(t, err)
			must(t, sender.AddEncoding(track(t, webrtc.WithRTPStreamID("b"))))
		}, "sendrecv", true},
	} {
		for _, drops := range []bool{false, true} {
			name := c.name
			if drops {
				name += ", after an offer"
			}
			t.Run(name, func(t *testing.T) {
				pc := offlineWith(t, opus, vp8)
				defer pc.Close()
				h := held.New(New(pc, true), true, false)
				c.add(t, pc)
				sender := pc.GetTransceivers()[0].Sender()
				if drops {
					offer(t, h)
				}
				section := strings.Replace(mediaSection("video", "v", "VP8/90000"), "a=sendrecv", "a="+c.offered, 1)
				a := answer(t, h, described(strings.ReplaceAll(section, "100", "97"), dataSection("d")))
				if has := a.Media[0].Direction&sdp.Sendonly != 0; has != c.taken || has && a.Media[0].Has("msid") != c.taken {
					t.Errorf("answered\n%s", a)
				}
				for _, transceiver := range pc.GetTransceivers() {
					if s := transceiver.Sender(); s != nil && s == sender && (transceiver.Mid() == "v") != c.taken {
						t.Errorf("it has the mid %q", transceiver.Mid())
					}
				}
				if needed := h.Needed(); needed == c.taken {
					t.Errorf("an offer is needed: %v", needed)
				}
				if o := offer(t, h); len(o.Media) == 2 != c.taken {
					t.Errorf("offered\n%s", o)
				}
				goesOn(t, h, c.name)
			})
		}
	}
}

// TestTakenInOrder has tracks of a dropped offer and new ones take the sections that
// they fit, in the order in which they were added.
func TestTakenInOrder(t *testing.T) {
	pc := offlineWith(t, opus, vp8)
	defer pc.Close()
	h := held.New(New(pc, true), true, false)
	add := func(name string) {
		mime, kind := opus, webrtc.RTPCodecTypeAudio
		if strings.HasPrefix(name, "v") {
			mime, kind = vp8, webrtc.RTPCodecTypeVideo
		}
		track, err := webrtc.NewTrackLocalStaticSample(mime, name, "stream")
		must(t, err)
		if track.Kind() != kind {
			t.Fatal(track.Kind())
		}
		_, err = pc.AddTrack(track)
		must(t, err)
	}
	add("a1")
	add("v1")
	offer(t, h)
	add("v2")
	add("v3")
	add("a2")
	section := func(kind, mid string) string {
		if kind == "audio" {
			return mediaSection("audio", mid, "opus/48000/2")
		}
		return strings.ReplaceAll(mediaSection("video", mid, "VP8/90000"), "100", "97")
	}
	a := answer(t, h, described(section("video", "0"), section("audio", "1"), section("video", "2")))
	var got []string
	for _, m := range append(a.Media, offer(t, h).Media[3:]...) {
		msid, _ := m.Get("msid")
		got = append(got, strings.TrimPrefix(msid, "stream "))
	}
	if s := strings.Join(got, " "); s != "v1 a1 v2 v3 a2" {
		t.Errorf("%s", s)
	}
	h.Pending = nil
	goesOn(t, h, "tracks")
}
