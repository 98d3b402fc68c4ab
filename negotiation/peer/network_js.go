package peer

import (
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
)

// NewPeerConnection is webrtc.NewPeerConnection.
func NewPeerConnection(c webrtc.Configuration) (*webrtc.PeerConnection, error) {
	return webrtc.NewPeerConnection(c)
}

// guarded returns the connection of a pairing, and what Attach is to know of it.
func guarded(c webrtc.Configuration, rules negotiation.CandidateRules, _ *turnDialer) (*webrtc.PeerConnection, negotiation.Option, error) {
	pc, err := NewPeerConnection(c)
	return pc, negotiation.WithCandidates(rules), err
}
