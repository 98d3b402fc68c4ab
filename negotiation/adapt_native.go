//go:build !js

package negotiation

import (
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/held"
	"perfect-negotiation/negotiation/internal/pion"
)

// PoliteConfiguration returns c with a candidate pool, with which a polite native
// peer connects as fast as an impolite one: its offers carry candidates although they
// are held. Use it when you create the PeerConnection; pion does not accept a pool
// size later. In a browser it returns c unchanged.
func PoliteConfiguration(c webrtc.Configuration) webrtc.Configuration {
	c.ICECandidatePoolSize = 1
	return c
}

func adapt(pc *webrtc.PeerConnection, polite bool, to held.Hooks) (adapter, error) {
	return pion.Adapt(pc, polite, to)
}
