package held

import (
	"errors"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/sdp"
)

// A refused description changes nothing, and a good one still works.
func TestRefused(t *testing.T) {
	good := text("theirs", "actpass", 1, "0")
	for name, text := range map[string]string{
		"empty":                     "",
		"garbage":                   "what is this?",
		"not lines":                 "v=0\r\nhello",
		"media line with a tab":     strings.ReplaceAll(good, "m=application 9", "m=application\t9"),
		"no media section":          "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n",
		"no mid":                    strings.ReplaceAll(good, "a=mid:0\r\n", ""),
		"mid with a space":          strings.ReplaceAll(good, "a=mid:0", "a=mid:0 1"),
		"duplicate mids":            text("theirs", "actpass", 1, "0", "0"),
		"no ufrag":                  strings.ReplaceAll(good, "a=ice-ufrag:theirs\r\n", ""),
		"short ufrag":               text("abc", "actpass", 1, "0"),
		"ufrag of other characters": text("th eirs", "actpass", 1, "0"),
		"no pwd":                    strings.ReplaceAll(good, "a=ice-pwd:"+strings.Repeat("p", 22)+"\r\n", ""),
		"short pwd":                 strings.ReplaceAll(good, strings.Repeat("p", 22), "p"),
		"no fingerprint":            strings.ReplaceAll(good, "a=fingerprint:", "a=f:"),
		"unknown hash":              strings.ReplaceAll(good, "sha-256", "md1"),
		"short fingerprint":         strings.ReplaceAll(good, "AB:AB:AB", "AB"),
		"fingerprint not hex":       strings.ReplaceAll(good, "AB", "XY"),
		"BUNDLE without section":    strings.ReplaceAll(good, "BUNDLE 0", "BUNDLE 7"),
		"unknown setup":             strings.ReplaceAll(good, "actpass", "both"),
	} {
		t.Run(name, func(t *testing.T) {
			b := newBare(data)
			h := New(b, false, false)
			if err := h.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: text}); !errors.Is(err, ErrRefused) {
				t.Errorf("error %v", err)
			}
			expect(t, b)
			must(t, h.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: good}))
			offer(t, h)
		})
	}
}

func TestRefusedAnswer(t *testing.T) {
	for name, text := range map[string]string{
		"other mid":      text("theirs", "active", 1, "1"),
		"more sections":  text("theirs", "active", 1, "0", "1"),
		"other kind":     strings.ReplaceAll(text("theirs", "active", 1, "0"), "m=application 9", "m=audio 9"),
		"actpass":        text("theirs", "actpass", 1, "0"),
		"another secret": "v=0\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			for _, polite := range []bool{true, false} {
				h := New(newBare(data), polite, false)
				offer(t, h)
				if err := h.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: text}); !errors.Is(err, ErrRefused) {
					t.Errorf("error %v", err)
				}
				must(t, h.SetRemoteDescription(remoteAnswer("active")))
			}
		})
	}
}

func TestRefusedReoffer(t *testing.T) {
	for name, text := range map[string]string{
		"fewer sections": text("theirs", "actpass", 1, "0"),
		"mids swapped":   text("theirs", "actpass", 1, "1", "0"),
		"other kind":     strings.Replace(text("theirs", "actpass", 1, "0", "1"), "m=application", "m=audio", 1),
	} {
		t.Run(name, func(t *testing.T) {
			h := New(newBare(data), false, false)
			h.Sections = []sdp.Section{{Mid: "0", Kind: "application"}, {Mid: "1", Kind: "application"}}
			if err := h.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: text}); !errors.Is(err, ErrRefused) {
				t.Errorf("error %v", err)
			}
		})
	}
}
