//go:build !js

package pion

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/held"
)

// changed returns good with each of the changes, all of which once broke a
// connection.
func changed(good string) (list []string) {
	list = append(list, good)
	for _, change := range [][2]string{
		{"a=mid:", "a=mit:"}, {"a=ice-ufrag:", "a=ice-ufrag: "}, {"sha-256", "sha-1"}, {"96 ", "300 "}, {"m=audio 9", "m=audio 0"},
		{"a=sendrecv", "a=inactive"}, {"a=setup:actpass", "a=setup:active"}, {"a=extmap:1 ", "a=extmap:x "}, {"m=application", "m=video"},
		{"a=rtpmap:111 opus/48000/2", "a=rtpmap:111 nope/1"}, {"BUNDLE 0", "BUNDLE 7"}, {"a=candidate:", "a=candidate:x "}, {"\r\n", "\n"},
		{"a=sendrecv\r\n", ""}, {"apt=", "apt=x"}, {"m=audio", "a=ice-ufrag:abcd\r\nm=audio"}, {"a=mid:0", "a=mid:0\r\na=ssrc:1 cname:x\r\na=ssrc:2 cname:x"},
		{"m=video ", "m=video\t"}, {"m=video 9", "m=video 0"}, {" 9 ", " 0 "}, {"m=video", "m=text"}, {"VP8/90000", "VP8/90000\r\na=fmtp:96 apt=99"},
		{"opus/48000/2", "opus/8000"}, {"VP8", "nope"}, {"sctp-port", "x"}, {"a=mid:1", "a=mid:1\r\na=hidden:video"}, {"111", "96"},
	} {
		list = append(list, strings.ReplaceAll(good, change[0], change[1]))
	}
	return append(list, strings.TrimSpace(good))
}

// recorded returns the offers of other stacks.
func recorded(f *testing.F) (list []string) {
	offers, err := filepath.Glob("testdata/sdp/*/*.sdp")
	must(f, err)
	for _, offer := range offers {
		text, err := os.ReadFile(offer)
		must(f, err)
		list = append(list, string(text))
	}
	return list
}

// FuzzDescription gives a real connection an offer. It must either refuse it and stay
// unchanged, or answer it, and then the same offer again.
func FuzzDescription(f *testing.F) {
	for _, text := range changed(goodOffer(f, webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo).SDP) {
		f.Add(text)
	}
	for _, text := range recorded(f) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for i, pc := range []*webrtc.PeerConnection{offline(t), offlineWith(t, opus, vp8), offlineWith(t, opus, vp8)} {
			polite := i == 2 // and has tracks, in an offer that it drops
			h := held.New(New(pc, polite), polite, false)
			if polite {
				for _, c := range []webrtc.RTPCodecCapability{opus, vp8} {
					track, err := webrtc.NewTrackLocalStaticSample(c, "track", "stream")
					must(t, err)
					_, err = pc.AddTrack(track)
					must(t, err)
				}
				offer(t, h)
			}
			for range 2 {
				err := h.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: text})
				if errors.Is(err, held.ErrRefused) {
					break
				}
				if err == nil {
					_, err = h.SetLocalDescription()
				}
				if err != nil {
					t.Fatalf("it got through, and then: %v\n%q", err, text)
				}
			}
			goesOn(t, h, text)
			if err := pc.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// FuzzAnswer gives a real connection an answer. It must either refuse it or go on. If
// pion has its offer and cannot take it back, the Session must say so.
func FuzzAnswer(f *testing.F) {
	good := described(mediaSection("video", "i0", "VP8/90000"), mediaSection("audio", "i1", "opus/48000/2"), dataSection("2"))
	for _, text := range changed(good) {
		f.Add(text)
	}
	for _, text := range recorded(f) {
		f.Add(strings.ReplaceAll(text, "actpass", "active"))
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, polite := range []bool{true, false} {
			pc := offlineWith(t, opus, vp8)
			_, err := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
			must(t, err)
			_, err = pc.AddTransceiverFromKind(webrtc.RTPCodecTypeAudio)
			must(t, err)
			_, err = pc.CreateDataChannel("", nil)
			must(t, err)
			h := held.New(New(pc, false), polite, false)
			_, err = h.SetLocalDescription()
			must(t, err)
			err = h.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: text})
			if errors.Is(err, held.ErrRefused) && h.SignalingState() == webrtc.SignalingStateHaveLocalOffer {
				err = h.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: good})
			}
			wedged := pc.SignalingState() == webrtc.SignalingStateHaveLocalOffer
			switch {
			case err == nil, errors.Is(err, held.ErrRefused):
				goesOn(t, h, text)
			case polite || !wedged:
				t.Fatalf("it got through, and then: %v\n%q", err, text)
			}
			if err := pc.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}
