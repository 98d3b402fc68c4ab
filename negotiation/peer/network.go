package peer

import (
	"net/url"
	"strings"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
)

// onThisMachine reports whether the URL of a relay names this machine as such. Then the
// other side may be here, too, and on a machine without a network nowhere else.
func onThisMachine(server string) bool {
	u, err := url.Parse(server)
	if err != nil {
		return false
	}
	host := strings.TrimPrefix(strings.ToLower(strings.TrimSuffix(u.Hostname(), ".")), "::ffff:")
	switch {
	case host == "localhost", host == "::1", strings.HasSuffix(host, ".localhost"):
		return true
	}
	return strings.HasPrefix(host, "127.") && strings.Trim(host, "0123456789.") == ""
}

// newPeerConnection makes the connection of a pairing, and returns what Attach is to
// know of it.
func (p *Peer) newPeerConnection(c webrtc.Configuration) (*webrtc.PeerConnection, negotiation.Option, error) {
	if p.config.NewPeerConnection == nil {
		return guarded(c, p.config.Candidates, p.turn)
	}
	pc, err := p.config.NewPeerConnection(c)
	return pc, negotiation.WithCandidates(p.config.Candidates), err
}
