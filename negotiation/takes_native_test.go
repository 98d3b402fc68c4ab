//go:build !js

package negotiation

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"
)

// TestMuchOfCodecs offers sections that say so much of their codecs that pion would
// need minutes to read them.
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
		{"one payload type again and again", strings.Repeat(" 0", 10_000), repeated(900, "a=rtpmap:0 a/1%d"), false},
		{"one payload type described again and again", " 0", repeated(4_000, "a=rtpmap:0 a/1%d"), false},
		{"much feedback for all", all, repeated(128, "a=rtpmap:%d opus/48000/2") + repeated(3_000, "a=rtcp-fb:* x%d"), false},
		{"much feedback for one", all, repeated(128, "a=rtpmap:%d opus/48000/2") + repeated(3_000, "a=rtcp-fb:0 x%d"), false},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			pc := offline(t)
			defer pc.Close()
			h := &held{pc: &pion{pc: pc, prefix: "i"}}
			section := "m=audio 9 UDP/TLS/RTP/SAVPF" + c.formats + "\r\nc=IN IP4 0.0.0.0\r\na=setup:actpass\r\na=mid:0\r\na=sendrecv\r\n" + c.lines
			err := h.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: described(section)})
			if c.taken != (err == nil) || err != nil && !errors.Is(err, ErrRefused) {
				t.Error(err)
			}
			goesOn(t, h, c.name)
		})
	}
}

// TestStrangeCandidates offers one candidate alone, of a kind that pion does not know.
func TestStrangeCandidates(t *testing.T) {
	for _, c := range []struct {
		candidate string
		taken     bool
	}{
		{"1 1 udp 1 192.0.2.1 9 typ host", true},
		{"1 1 udp 1 192.0.2.1 9 typ new", true},
		{"1 1 ssltcp 1 192.0.2.1 443 typ host", true},
		{"1 1 udp 1 192.0.2.1 port typ host", false},
	} {
		t.Run(strings.ReplaceAll(c.candidate, " ", "_"), func(t *testing.T) {
			pc := offline(t)
			defer pc.Close()
			h := &held{pc: &pion{pc: pc, prefix: "i"}}
			text := described(dataSection("0") + "a=candidate:" + c.candidate + "\r\n")
			err := h.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: text})
			if c.taken != (err == nil) || err != nil && !errors.Is(err, ErrRefused) {
				t.Error(err)
			}
		})
	}
}
