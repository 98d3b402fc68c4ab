package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/peer"
)

// TestExtensionIDsAfterRollback has a page roll its first offer back for one of a native
// peer, answer, and make another. Chromium keeps the ids that its header extensions had
// in what it rolled back: none may mean something else in the offer that it takes. Two
// pages fail in 4 of these 16 cases.
func TestExtensionIDsAfterRollback(t *testing.T) {
	t.Parallel()
	p := newWorld(t).page(demoRoom, "polite")
	mixtures := [][]string{{"audio"}, {"video"}, {"audio", "video"}, {"video", "audio"}}
	for _, native := range mixtures {
		pc, err := peer.NewPeerConnection(webrtc.Configuration{})
		if err != nil {
			t.Fatal(err)
		}
		defer pc.Close()
		for _, kind := range native {
			if _, err := pc.AddTransceiverFromKind(webrtc.NewRTPCodecType(kind)); err != nil {
				t.Fatal(err)
			}
		}
		offer, err := pc.CreateOffer(nil)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(offer)
		if err != nil {
			t.Fatal(err)
		}
		for _, kinds := range mixtures {
			var failed string
			p.eval(fmt.Sprintf(`(async () => {
				const pc = new RTCPeerConnection();
				try {
					for (const kind of %s) pc.addTransceiver(kind);
					await pc.setLocalDescription();
					await pc.setRemoteDescription(%s);
					await pc.setLocalDescription();
					for (const kind of ["audio", "video"]) pc.addTransceiver(kind);
					await pc.setLocalDescription();
					return "";
				} catch (err) {
					return String(err);
				} finally {
					pc.close();
				}
			})()`, list(kinds), text), &failed)
			if failed != "" {
				t.Errorf("the page offers %s, and the native peer %s: %s", strings.Join(kinds, ", "), strings.Join(native, ", "), failed)
			}
		}
	}
}
