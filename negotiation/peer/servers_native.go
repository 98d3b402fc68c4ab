//go:build !js

package peer

import "github.com/pion/webrtc/v4"

// configure has a connection use other ICE servers.
func configure(pc *webrtc.PeerConnection, list iceServers) error {
	c := pc.GetConfiguration()
	c.ICEServers = list.configured()
	return pc.SetConfiguration(c)
}
