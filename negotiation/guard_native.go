//go:build !js

package negotiation

import (
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/pion/logging"
	"github.com/pion/webrtc/v4"
	"golang.org/x/time/rate"

	"perfect-negotiation/negotiation/trace"
)

// Limits on the work that the other side can cause in ICE.
const (
	addressesEvery  = 100 * time.Millisecond // one more remote address may be checked
	addressesAtOnce = 100
	maxChecks       = 7 // connectivity checks per candidate pair, one every 200 ms
)

// Guard protects one native PeerConnection from what a [Session] cannot see:
// addresses that ICE learns from names and packets, and media from unannounced
// sources. Make one for each connection:
//
//	guard := negotiation.NewGuard(negotiation.CandidateRules{})
//	engine := webrtc.SettingEngine{}
//	guard.Protect(&engine)
//	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(engine)).NewPeerConnection(config)
//	session, err := negotiation.Attach(pc, role, send, negotiation.WithGuard(guard))
//
// The Session ends with [ErrFlood] if media arrive from more than MaxSources sources
// that no description has announced: pion keeps each of them for the life of the
// connection.
type Guard struct {
	MaxSources int // set before Protect; NewGuard sets 64

	rules   CandidateRules
	pace    *rate.Limiter
	sources sourceCount
}

// NewGuard returns a Guard with rules for remote candidates.
func NewGuard(rules CandidateRules) *Guard {
	return &Guard{MaxSources: maxSources, rules: rules, pace: rate.NewLimiter(rate.Every(addressesEvery), addressesAtOnce)}
}

// Candidates returns the rules for remote candidates.
func (g *Guard) Candidates() CandidateRules { return g.rules }

// Protect configures engine: it sets SetRemoteIPFilter, SetICEMaxBindingRequests,
// BufferFactory and, if there is none, a LoggerFactory that writes to standard error
// through a [trace.Paced]. Call it once, before the PeerConnection is made.
func (g *Guard) Protect(engine *webrtc.SettingEngine) {
	engine.SetICEMaxBindingRequests(maxChecks)
	engine.SetRemoteIPFilter(g.permits)
	g.sources.most = g.MaxSources
	engine.BufferFactory = g.sources.factory(engine.BufferFactory)
	if engine.LoggerFactory == nil {
		logger := logging.NewDefaultLoggerFactory()
		logger.Writer = standardError
		engine.LoggerFactory = logger
	}
}

// standardError is the log shared by all guarded connections.
var standardError = trace.PacedWriter(10, os.Stderr)

// WithGuard connects the Session with the Guard of its PeerConnection. It includes
// [WithCandidates].
func WithGuard(g *Guard) Option {
	return func(s *Session) {
		s.rules = g.rules
		s.sources = &g.sources
	}
}

// permits is called by ICE, on a goroutine of its own, for each remote address before
// it is checked.
func (g *Guard) permits(ip net.IP) bool {
	address, ok := netip.AddrFromSlice(ip)
	return ok && g.rules.Permits(address) == nil && !isBroadcast(address.Unmap()) && g.pace.Allow()
}

// isBroadcast reports whether address is the broadcast address of a network that this
// machine is in. Go lets UDP sockets send there.
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
