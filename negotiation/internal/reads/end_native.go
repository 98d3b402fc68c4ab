//go:build !js

package reads

import (
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/pion"
)

// End ends the reads that still wait after pc was closed.
func End(pc *webrtc.PeerConnection) {
	for _, r := range pc.GetReceivers() {
		pion.EndReads(r)
	}
}
