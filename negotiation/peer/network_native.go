//go:build !js

package peer

import (
	"github.com/pion/transport/v4"
	"github.com/pion/transport/v4/stdnet"
	"github.com/pion/webrtc/v4"
)

// LiveNetwork returns the network of this machine as it is at any time, for
// [webrtc.SettingEngine.SetNet]. pion looks once at the addresses that there are,
// so that an ICE restart does not find those that have come since.
func LiveNetwork() (transport.Net, error) {
	now, err := stdnet.NewNet()
	return liveNetwork{now}, err
}

type liveNetwork struct{ *stdnet.Net }

// Interfaces implements [transport.Net].
func (liveNetwork) Interfaces() ([]*transport.Interface, error) {
	now, err := stdnet.NewNet()
	if err != nil {
		return nil, err
	}
	return now.Interfaces()
}

// NewPeerConnection returns a connection over LiveNetwork that also uses the
// loopback interface, so that it reaches a tab on a machine without a network.
func NewPeerConnection(c webrtc.Configuration) (*webrtc.PeerConnection, error) {
	network, err := LiveNetwork()
	if err != nil {
		return nil, err
	}
	engine := webrtc.SettingEngine{}
	engine.SetNet(network)
	engine.SetIncludeLoopbackCandidate(true)
	return webrtc.NewAPI(webrtc.WithSettingEngine(engine)).NewPeerConnection(c)
}
