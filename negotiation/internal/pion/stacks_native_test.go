//go:build !js

package pion

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/held"
	"perfect-negotiation/negotiation/internal/sdp"
)

// TestOtherStacks gives a Session the recorded offers of other stacks, one after the
// other.
func TestOtherStacks(t *testing.T) {
	for name, right := range map[string]func(t *testing.T, answers []*sdp.Description){
		"recycled-section": func(t *testing.T, answers []*sdp.Description) {
			last, offer := answers[2], answers[3]
			for _, d := range answers {
				saysOnce(t, d)
			}
			if len(last.Media) != 2 || last.Media[1].Rejected || len(offer.Media) != 2 || offer.Media[1].Mid != "1" {
				t.Errorf("answered\n%s\nand offered\n%s", last, offer)
			}
			if was, is := last.Media[1].Values("extmap"), offer.Media[1].Values("extmap"); !slices.Equal(was, is) {
				t.Errorf("the extensions were %q, and are %q", was, is)
			}
		},
		"no-bundle-one-section": func(t *testing.T, answers []*sdp.Description) {
			if m := answers[0].Media[0]; m.Rejected || answers[0].Bundle() != nil {
				t.Errorf("answered\n%s", answers[0])
			}
		},
		"codec-set-changes": func(t *testing.T, answers []*sdp.Description) {
			if m := answers[1].Media[0]; m.Rejected || !slices.Equal(m.Formats(), []string{"98"}) || !strings.HasPrefix(m.Values("rtpmap")[0], "98 VP9/") {
				t.Errorf("answered\n%s", answers[1])
			}
		},
		"pt-differs-between-sections": func(t *testing.T, answers []*sdp.Description) {
			for i, formats := range []string{"111", "109"} {
				if m := answers[0].Media[i]; m.Rejected || !slices.Equal(m.Formats(), []string{formats}) {
					t.Errorf("answered\n%s", answers[0])
				}
			}
		},
		"pt-renumbered": func(t *testing.T, answers []*sdp.Description) {
			for i, formats := range []string{"100", "96"} {
				if m := answers[i].Media[0]; m.Rejected || !slices.Equal(m.Formats(), []string{formats}) {
					t.Errorf("answered\n%s", answers[i])
				}
			}
		},
		"no-mid": func(t *testing.T, answers []*sdp.Description) {
			if answers[0].Media[0].Rejected {
				t.Errorf("answered\n%s", answers[0])
			}
		},
		"static-pt-without-rtpmap": func(t *testing.T, answers []*sdp.Description) {
			if m := answers[0].Media[0]; m.Rejected || !slices.Equal(m.Formats(), []string{"96", "0", "8"}) {
				t.Errorf("answered\n%s", answers[0])
			}
		},
		"ice-pwd-of-the-session": func(t *testing.T, answers []*sdp.Description) {
			if answers[0].Media[0].Rejected {
				t.Errorf("answered\n%s", answers[0])
			}
		},
	} {
		for _, polite := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s polite %v", name, polite), func(t *testing.T) {
				pc := offlineFrom(t, withExtensions(t), webrtc.Configuration{})
				defer pc.Close()
				h := held.New(New(pc, polite), polite, false)
				var answers []*sdp.Description
				for n := 1; ; n++ {
					text, err := os.ReadFile(filepath.Join("testdata", "sdp", name, fmt.Sprintf("offer%d.sdp", n)))
					if err != nil && n > 1 {
						break
					}
					must(t, err)
					answers = append(answers, answer(t, h, string(text)))
				}
				h.Polite = true // and holds its offer
				right(t, append(answers, offer(t, h)))
				h.Pending = nil
				goesOn(t, h, name)
			})
		}
	}
}
