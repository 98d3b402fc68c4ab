package negotiation

import (
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/browser"
	"perfect-negotiation/negotiation/internal/held"
)

// PoliteConfiguration returns c unchanged. With a candidate pool Chromium (156)
// sometimes has no candidates for an answer and never connects.
func PoliteConfiguration(c webrtc.Configuration) webrtc.Configuration { return c }

func adapt(pc *webrtc.PeerConnection, polite bool, to held.Hooks) (adapter, error) {
	return browser.Adapt(pc, polite, to)
}
