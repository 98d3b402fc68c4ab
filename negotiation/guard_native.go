//go:build !js

package negotiation

import (
	"net"
	"net/netip"
	"time"

	"github.com/pion/webrtc/v4"
	"golang.org/x/time/rate"
)

// What the other side can have ICE do.
const (
	addressesEvery  = 100 * time.Millisecond // addresses that are checked
	addressesAtOnce = 100
	maxChecks       = 7 // of a pair of candidates, every 200 ms
)

// Guard has one native PeerConnection heed what a [Session] cannot see: addresses that
// ICE learns from names and from packets. Make one for each connection:
//
//	guard := negotiation.NewGuard(negotiation.CandidateRules{})
//	engine := webrtc.SettingEngine{}
//	guard.Protect(&engine)
//	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(engine)).NewPeerConnection(config)
//	session, err := negotiation.Attach(pc, role, send, negotiation.WithGuard(guard))
type Guard struct {
	rules CandidateRules
	pace  *rate.Limiter
}

// NewGuard returns a Guard with rules for candidates.
func NewGuard(rules CandidateRules) *Guard {
	return &Guard{rules: rules, pace: rate.NewLimiter(rate.Every(addressesEvery), addressesAtOnce)}
}

// Candidates returns the rules for candidates.
func (g *Guard) Candidates() CandidateRules { return g.rules }

// Protect sets what guards the connection: SetRemoteIPFilter and
// SetICEMaxBindingRequests.
func (g *Guard) Protect(engine *webrtc.SettingEngine) {
	engine.SetICEMaxBindingRequests(maxChecks)
	engine.SetRemoteIPFilter(g.permits)
}

// WithGuard has the Session and the Guard of its connection work together. It includes
// [WithCandidates].
func WithGuard(g *Guard) Option { return WithCandidates(g.rules) }

// permits is asked by ICE for each remote address before it is checked, on a goroutine
// of its own.
func (g *Guard) permits(ip net.IP) bool {
	address, ok := netip.AddrFromSlice(ip)
	return ok && g.rules.Permits(address) == nil && !isBroadcast(address.Unmap()) && g.pace.Allow()
}

// isBroadcast reports whether an address reaches all of a network that this machine is
// in. Go lets UDP sockets send there.
func isBroadcast(address netip.Addr) bool {
	if !address.Is4() {
		return false
	}
	networks, _ := net.InterfaceAddrs()
	for _, n := range networks {
		network, ok := n.(*net.IPNet)
		if !ok || !network.Contains(address.AsSlice()) {
			continue
		}
		ones, _ := network.Mask.Size()
		host := address.As4()
		last := true
		for bit := ones; bit < 32; bit++ {
			last = last && host[bit/8]&(0x80>>(bit%8)) != 0
		}
		if last && ones < 31 {
			return true
		}
	}
	return false
}
