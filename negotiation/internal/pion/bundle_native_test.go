//go:build !js

package pion

import (
	"slices"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/held"
	"perfect-negotiation/negotiation/internal/sdp"
	"perfect-negotiation/negotiation/trace"
)

// TestWithoutBundle offers several sections without a shared transport. pion has one
// transport: the first section is accepted and the others are rejected, which is
// reported once.
// https://www.rfc-editor.org/rfc/rfc8829#section-5.3.1
func TestWithoutBundle(t *testing.T) {
	audio, video, data := mediaSection("audio", "a", "opus/48000/2"), strings.ReplaceAll(mediaSection("video", "v", "VP8/90000"), "100", "101"), dataSection("d")
	for _, c := range []struct {
		name     string
		group    string
		sections []string
		taken    []string
	}{
		{"data alone", "", []string{data}, []string{"d"}},
		{"data first", "", []string{data, audio, video}, []string{"d"}},
		{"media first", "", []string{audio, data}, []string{"a"}},
		{"after one that is rejected", "", []string{rejection("audio", "a"), video, data}, []string{"v"}},
		{"some are in the group", "a=group:BUNDLE d a\r\n", []string{audio, video, data}, []string{"a", "d"}},
		{"another group is first", "a=group:LS a v\r\na=group:BUNDLE a v d\r\n", []string{audio, video, data}, []string{"a", "v", "d"}},
		{"a group of nothing", "a=group:BUNDLE\r\n", []string{audio, data}, []string{"a"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			pc := offlineWith(t, opus, vp8)
			defer pc.Close()
			p := New(pc, false)
			var told []trace.Code
			p.rejected = func(err error) { told = append(told, trace.CodeOf(err)) }
			h := held.New(p, false, false)
			_, rest, _ := strings.Cut(described(c.sections...), "a=ice-ufrag")
			text := "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n" + c.group + "a=ice-ufrag" + rest
			for range 2 {
				a := answer(t, h, text)
				var taken []string
				for _, m := range a.Media {
					if !m.Rejected {
						taken = append(taken, m.Mid)
					}
				}
				if group := a.Bundle(); !slices.Equal(taken, c.taken) || (group != nil) != strings.Contains(c.group, "BUNDLE a") && (group != nil) != strings.Contains(c.group, "BUNDLE d") {
					t.Errorf("took %q and not %q:\n%s", taken, c.taken, a)
				}
			}
			outside := 0
			for _, s := range sdp.Parse(text).Sections() {
				if !s.Rejected && !slices.Contains(c.taken, s.Mid) {
					outside++
				}
			}
			if len(told) != outside || outside > 0 && told[0] != trace.NotBundled {
				t.Errorf("told %q", told)
			}
			goesOn(t, h, c.name)
		})
	}
}

// TestAnAnswerWithoutBundle has the other side answer without BUNDLE. The first
// section is in use, and pion waits for no media in the others.
func TestAnAnswerWithoutBundle(t *testing.T) {
	for _, polite := range []bool{true, false} {
		pc := offlineWith(t, opus)
		defer pc.Close()
		_, err := pc.CreateDataChannel("data", nil)
		must(t, err)
		_, err = pc.AddTransceiverFromKind(webrtc.RTPCodecTypeAudio)
		must(t, err)
		h := held.New(New(pc, polite), polite, false)
		o := offer(t, h)
		var sections []string
		for _, m := range o.Media {
			if m.Kind == "audio" {
				sections = append(sections, strings.ReplaceAll(mediaSection("audio", m.Mid, "opus/48000/2"), "100", "96"))
			} else {
				sections = append(sections, dataSection(m.Mid))
			}
		}
		before, after, _ := strings.Cut(described(sections...), "a=group")
		_, after, _ = strings.Cut(after, "\r\n")
		must(t, h.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: before + after}))
		goesOn(t, h, "an answer without BUNDLE")
	}
}
