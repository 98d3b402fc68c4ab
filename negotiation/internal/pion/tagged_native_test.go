//go:build !js

package pion

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/held"
	"perfect-negotiation/negotiation/internal/sdp"
)

// TestTheTaggedSectionIsRejected offers a tagged section without a common codec. The
// answer tags the next one, so its credentials and candidates are used.
// https://www.rfc-editor.org/rfc/rfc9143#section-7.3.2
func TestTheTaggedSectionIsRejected(t *testing.T) {
	video := mediaSection("video", "v", "H265/90000") + "a=candidate:1 1 udp 1 192.0.2.1 5000 typ host\r\n"
	data := dataSection("d") + "a=ice-ufrag:second\r\na=ice-pwd:" + strings.Repeat("s", 22) + "\r\na=candidate:2 1 udp 1 192.0.2.2 5000 typ host\r\n"
	pc := offlineWith(t, opus, vp8)
	defer pc.Close()
	h := held.New(New(pc, false), false, false)
	a := answer(t, h, described(video, data))
	if !a.Media[0].Rejected || a.Tag() != "d" {
		t.Errorf("answered\n%s", a)
	}
	seen := sdp.Parse(pc.CurrentRemoteDescription().SDP)
	if ufrag, _ := seen.Get("ice-ufrag"); ufrag != "second" {
		t.Errorf("pion sees\n%s", seen)
	}
	var addresses []string
	for begin := time.Now(); addresses == nil && time.Since(begin) < 5*time.Second; time.Sleep(time.Millisecond) { // pion adds them on goroutines
		for _, s := range pc.GetStats() {
			if c, ok := s.(webrtc.ICECandidateStats); ok && c.Type == webrtc.StatsTypeRemoteCandidate {
				addresses = append(addresses, c.IP)
			}
		}
	}
	if !slices.Equal(addresses, []string{"192.0.2.2"}) {
		t.Errorf("pion has the remote candidates %q", addresses)
	}
	goesOn(t, h, "the tagged section is rejected")

	bad := strings.Replace(data, strings.Repeat("s", 22), "short", 1)
	if err := h.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: described(video, bad)}); err == nil {
		t.Error("a password that is too short is used")
	}
}
