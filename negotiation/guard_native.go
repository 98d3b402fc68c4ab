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
//
// The Session ends with [ErrFlood] if more than MaxSources sources of media come that no
// description has announced: pion keeps each as long as the connection.
type Guard struct {
	MaxSources int // set it before Protect; 64 from NewGuard

	rules   CandidateRules
	pace    *rate.Limiter
	sources sourceCount
}

// NewGuard returns a Guard with rules for candidates.
func NewGuard(rules CandidateRules) *Guard {
	return &Guard{MaxSources: maxSources, rules: rules, pace: rate.NewLimiter(rate.Every(addressesEvery), addressesAtOnce)}
}

// Candidates returns the rules for candidates.
func (g *Guard) Candidates() CandidateRules { return g.rules }

// Protect sets what guards the connection: SetRemoteIPFilter, SetICEMaxBindingRequests,
// BufferFactory and, unless there is one, a LoggerFactory whose log on standard error is
// a [trace.Paced].
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

// standardError is the log of all guarded connections.
var standardError = trace.PacedWriter(10, os.Stderr)

// WithGuard has the Session and the Guard of its connection work together. It includes
// [WithCandidates].
func WithGuard(g *Guard) Option {
	return func(s *Session) {
		s.rules = g.rules
		s.sources = &g.sources
	}
}

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
