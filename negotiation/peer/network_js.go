package peer

import "github.com/pion/webrtc/v4"

// NewPeerConnection is webrtc.NewPeerConnection.
func NewPeerConnection(c webrtc.Configuration) (*webrtc.PeerConnection, error) {
	return webrtc.NewPeerConnection(c)
}
