//go:build !js

package pion

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/held"
)

// TestMuchOfCodecs offers sections with so many lines about codecs that pion would
// need minutes to read them. They must be rejected.
func TestMuchOfCodecs(t *testing.T) {
	repeated := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format+"\r\n", i)
		}
		return b.String()
	}
	all := func() (list string) {
		for i := range 128 {
			list += fmt.Sprintf(" %d", i)
		}
		return list
	}()
	for _, c := range []struct {
		name    string
		formats string
		lines   string
		taken   bool
	}{
		{"as browsers do", " 111", "a=rtpmap:111 opus/48000/2\r\n" + repeated(5, "a=rtcp-fb:* x%d"), true},
		{"each payload type", all, repeated(128, "a=rtpmap:%d opus/48000/2") + repeated(128*5, "a=rtcp-fb:%d nack"), true},
		{"one payload type again and again", strings.Repeat(" 0", 10_000), repeated(900, "a=rtpmap:0 a/1%d"), true},
		{"one payload type described again and again", " 0", repeated(4_000, "a=rtpmap:0 a/1%d"), false},
		{"much feedback for all", all, repeated(128, "a=rtpmap:%d opus/48000/2") + repeated(3_000, "a=rtcp-fb:* x%d"), false},
		{"much feedback for one", all, repeated(128, "a=rtpmap:%d opus/48000/2") + repeated(3_000, "a=rtcp-fb:0 x%d"), false},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			pc := offline(t)
			defer pc.Close()
			h := held.New(&Connection{pc: pc, prefix: "i"}, false, false)
			section := "m=audio 9 UDP/TLS/RTP/SAVPF" + c.formats + "\r\nc=IN IP4 0.0.0.0\r\na=setup:actpass\r\na=mid:0\r\na=sendrecv\r\n" + c.lines
			if answer := answered(t, h, described(section, dataSection("1"))); answer[0].Rejected == c.taken || answer[1].Rejected {
				t.Errorf("answered %+v", answer)
			}
			goesOn(t, h, c.name)
		})
	}
}

// TestStrangeCandidates offers candidates of types unknown to pion, and unreadable
// ones. Nothing else may be lost.
func TestStrangeCandidates(t *testing.T) {
	for _, candidate := range []string{
		"1 1 udp 1 192.0.2.1 9 typ host", "1 1 udp 1 192.0.2.1 9 typ new", "1 1 ssltcp 1 192.0.2.1 443 typ host",
		"1 1 udp 1 192.0.2.1 port typ host", "x", "",
	} {
		t.Run(strings.ReplaceAll(candidate, " ", "_"), func(t *testing.T) {
			pc := offline(t)
			defer pc.Close()
			h := held.New(&Connection{pc: pc, prefix: "i"}, false, false)
			if a := answered(t, h, described(dataSection("0")+"a=candidate:"+candidate+"\r\n")); a[0].Rejected {
				t.Errorf("answered %+v", a)
			}
		})
	}
}

// TestEncryptedHeaders has a description ask for encrypted headers (RFC 9335) in some
// sections. pion accepts all or none, and would set a held offer before it looks at
// the answer.
func TestEncryptedHeaders(t *testing.T) {
	const cryptex = "a=cryptex\r\n"
	for _, c := range []struct {
		name         string
		audio, video string
		session      string
		policy       webrtc.RTPHeaderEncryptionPolicy
		taken        bool
	}{
		{name: "nowhere", taken: true},
		{name: "everywhere", audio: cryptex, video: cryptex, taken: true},
		{name: "in the session", session: cryptex, taken: true},
		{name: "in the section that has the transport", audio: cryptex, taken: true},
		{name: "in another section", video: cryptex},
		{name: "in another section, and nobody cares", video: cryptex, policy: webrtc.RTPHeaderEncryptionPolicyDisable, taken: true},
		{name: "nowhere, and it must be", policy: webrtc.RTPHeaderEncryptionPolicyRequire},
		{name: "everywhere, as it must be", audio: cryptex, video: cryptex, policy: webrtc.RTPHeaderEncryptionPolicyRequire, taken: true},
	} {
		for _, with := range []webrtc.SDPType{webrtc.SDPTypeOffer, webrtc.SDPTypeAnswer} {
			t.Run(strings.ReplaceAll(c.name+" "+with.String(), " ", "_"), func(t *testing.T) {
				pc := offlineFrom(t, codecsOnly(t, opus, vp8), webrtc.Configuration{RTPHeaderEncryptionPolicy: c.policy})
				defer pc.Close()
				h := held.New(&Connection{pc: pc, prefix: "i"}, true, false)
				mids := []string{"0", "1", "2"}
				if with == webrtc.SDPTypeAnswer {
					for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo} {
						_, err := pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
						must(t, err)
					}
					_, err := pc.CreateDataChannel("data", nil)
					must(t, err)
					for i, l := range offer(t, h).Media {
						mids[i] = l.Mid
					}
				}
				text := described(mediaSection("audio", mids[0], "opus/48000/2")+c.audio, mediaSection("video", mids[1], "VP8/90000")+c.video, dataSection(mids[2]))
				text = strings.Replace(text, "a=group", c.session+"a=group", 1)
				err := h.SetRemoteDescription(webrtc.SessionDescription{Type: with, SDP: text})
				if c.taken != (err == nil) || err != nil && !errors.Is(err, held.ErrRefused) {
					t.Error(err)
				}
				if state := pc.SignalingState(); !c.taken && state != webrtc.SignalingStateStable {
					t.Errorf("pion is in %s", state)
				}
			})
		}
	}
}
