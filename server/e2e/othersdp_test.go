package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/trace"
)

// recordedOffers are the offers of other stacks, for native peers (TestOtherStacks) and tabs.
const recordedOffers = "../../negotiation/internal/pion/testdata/sdp"

// TestOtherStacksOffers gives a tab the recorded offers of other stacks, one after the
// other, and then has it offer. Where the browser does not do what is right, that is said.
func TestOtherStacksOffers(t *testing.T) {
	t.Parallel()
	for _, role := range []string{"polite", "impolite"} {
		t.Run(role, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			ours := w.tab("/" + role)
			opposite := map[string]string{"polite": "impolite", "impolite": "polite"}[role]
			for _, row := range []struct {
				name    string
				answers []string
				limit   string // of Chromium, which says this where it refuses what is right
			}{
				{"codec-set-changes", []string{"v:96 BUNDLE v", "v:98 BUNDLE v"}, ""},
				{"ice-pwd-of-the-session", []string{"0:webrtc-datachannel BUNDLE 0"}, ""},
				{"no-bundle-one-section", []string{"0:111"}, ""},
				{"no-mid", []string{"m0:111"}, ""},
				{"pt-differs-between-sections", []string{"0:111 1:109 BUNDLE 0 1"}, ""},
				{"pt-renumbered", []string{"v:100 BUNDLE v", "v:96 BUNDLE v"}, ""},
				{"recycled-section", []string{"d:webrtc-datachannel 0:111 BUNDLE d 0", "d:webrtc-datachannel 0:rejected BUNDLE d", "refused"}, "RTP extension ID reassignment not supported"},
				{"static-pt-without-rtpmap", []string{"a:96,0,8,13 BUNDLE a"}, ""},
			} {
				met, left := ours.count(trace.Paired), ours.count(trace.PeerLeft)
				t.Run(row.name, func(t *testing.T) {
					p := newPlayback(t, w, opposite)
					await(t, "they have met", func() bool { return ours.count(trace.Paired) > met }, ours)
					defer p.ws.Close()
					for n, right := range row.answers {
						switch answer := p.offers(row.name, n+1); {
						case right == "refused" && strings.HasPrefix(answer, right) && strings.Contains(answer, row.limit):
							t.Log("limit of Chromium: ", row.limit)
							return
						case answer != right:
							t.Errorf("answered %q to offer %d, and not %q", answer, n+1, right)
						}
					}
					ours.renegotiate()
					saysOnce(t, p.next("offer").SDP)
				})
				await(t, "it is gone", func() bool { return ours.count(trace.PeerLeft) > left }, ours)
			}
		})
	}
}

// playback is a plain page that plays recorded offers.
type playback struct {
	t  *testing.T
	ws *websocket.Conn
}

func newPlayback(t *testing.T, w *world, role string) *playback {
	t.Helper()
	ws, _, err := websocket.DefaultDialer.Dial(strings.Replace(w.url, "http", "ws", 1)+"/ws?room="+demoRoom+"&role="+role, http.Header{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ws.Close() })
	return &playback{t, ws}
}

// offers makes a recorded offer, and returns what the answer says of each section: its mid
// and its payload types.
func (p *playback) offers(name string, n int) string {
	p.t.Helper()
	text, err := os.ReadFile(filepath.Join(recordedOffers, name, fmt.Sprintf("offer%d.sdp", n)))
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.ws.WriteJSON(signaling.Envelope{Message: &negotiation.Message{Description: &webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: string(text)}}}); err != nil {
		p.t.Fatal(err)
	}
	return outline(p.next("answer").SDP)
}

// next returns the next description of this type, or the refusal that comes instead.
func (p *playback) next(kind string) webrtc.SessionDescription {
	p.t.Helper()
	if err := p.ws.SetReadDeadline(time.Now().Add(patience)); err != nil {
		p.t.Fatal(err)
	}
	for {
		var e signaling.Envelope
		if err := p.ws.ReadJSON(&e); err != nil {
			p.t.Fatalf("wait for the %s: %v", kind, err)
		}
		switch {
		case e.Refused != nil:
			return webrtc.SessionDescription{SDP: "refused: " + e.Refused.Message}
		case e.Message != nil && e.Message.Description != nil && e.Message.Description.Type.String() == kind:
			return *e.Message.Description
		}
	}
}

// outline returns the mid and the payload types of each section, and the BUNDLE group.
func outline(sdp string) string {
	session, sections, described := strings.Cut(sdp, "\r\nm=")
	if !described {
		return sdp // a refusal
	}
	var list []string
	for section := range strings.SplitSeq(sections, "\r\nm=") {
		line, attributes, _ := strings.Cut(section, "\r\n")
		words := strings.Fields(line)
		_, mid, _ := strings.Cut(attributes, "a=mid:")
		mid, _, _ = strings.Cut(mid, "\r\n")
		formats := strings.Join(words[3:], ",")
		if words[1] == "0" {
			formats = "rejected"
		}
		list = append(list, mid+":"+formats)
	}
	if _, group, found := strings.Cut(session, "a=group:"); found {
		group, _, _ = strings.Cut(group, "\r\n")
		list = append(list, group)
	}
	return strings.Join(list, " ")
}

// saysOnce checks whether each section says each header extension and each id once.
func saysOnce(t *testing.T, sdp string) {
	t.Helper()
	for section := range strings.SplitSeq(sdp, "\r\nm=") {
		seen := map[string]bool{}
		for line := range strings.Lines(section) {
			value, is := strings.CutPrefix(strings.TrimSpace(line), "a=extmap:")
			if id, uri, _ := strings.Cut(value, " "); is {
				if seen[id] || seen[uri] {
					t.Errorf("%q comes twice in\n%s", value, sdp)
				}
				seen[id], seen[uri] = true, true
			}
		}
	}
}
