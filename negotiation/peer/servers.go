package peer

import (
	"slices"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/signaling/wire"
)

// iceServers are the STUN and TURN servers that the relay told of.
type iceServers []wire.ICEServer

// configured returns them for a new PeerConnection.
func (list iceServers) configured() []webrtc.ICEServer {
	var servers []webrtc.ICEServer
	for _, s := range list {
		servers = append(servers, webrtc.ICEServer{URLs: s.URLs, Username: s.Username, Credential: s.Credential})
	}
	return servers
}

// equal reports whether two lists say the same.
func (list iceServers) equal(other iceServers) bool {
	return slices.EqualFunc(list, other, func(a, b wire.ICEServer) bool {
		return slices.Equal(a.URLs, b.URLs) && a.Username == b.Username && a.Credential == b.Credential
	})
}

// setICEServers is called when the relay tells of the ICE servers: on each connection to
// it, and when credentials are about to expire.
func (p *Peer) setICEServers(list iceServers) {
	if list.equal(p.servers) {
		return
	}
	p.servers = list
	p.turn.use(list)
	for _, r := range p.remotes {
		if r.pairing != nil {
			r.pairing.setICEServers(list)
		}
	}
}

// setICEServers has the connection use other ICE servers when it gathers candidates
// again, as for an ICE restart. What it has gathered stays in use.
// https://www.w3.org/TR/webrtc/#dom-rtcpeerconnection-setconfiguration
func (p *pairing) setICEServers(list iceServers) {
	p.session.Post(func() error { return configure(p.pc, list) })
}
