package peer

import "github.com/pion/webrtc/v4"

func newPeerConnection(c webrtc.Configuration) (*webrtc.PeerConnection, error) {
	return webrtc.NewPeerConnection(c)
}
