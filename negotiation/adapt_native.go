//go:build !js

package negotiation

import (
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/held"
	"perfect-negotiation/negotiation/internal/pion"
)

// PoliteConfiguration returns c with what makes a polite native peer connect
// as fast as an impolite one: a candidate pool, so that its offers carry
// candidates although they are held back. pion takes the pool size only when a
// PeerConnection is made. In a browser it returns c as it is.
func PoliteConfiguration(c webrtc.Configuration) webrtc.Configuration {
	c.ICECandidatePoolSize = 1
	return c
}

func adapt(pc *webrtc.PeerConnection, polite bool, to held.Hooks) (adapter, error) {
	return pion.Adapt(pc, polite, to)
}
