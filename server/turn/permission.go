package turn

import (
	"net"
	"net/netip"
)

// permits reports whether a client may send to a peer, as far as its address tells (403).
// The public addresses are those of other allocations.
func (s *Server) permits(from net.Addr, peer net.IP) bool {
	ip, ok := netip.AddrFromSlice(peer) // IPv4 as IPv6 stays as it is
	if !ok || !s.own.public[ip] && (Special(ip) || s.own.is(ip)) {
		s.counts.denied.Add(1)
		return false
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	a := s.clients[clientAt(from)]
	if a == nil || len(a.peers) >= maxPeers && !a.peers[ip] || a.channels >= maxPeers {
		s.counts.denied.Add(1)
		return false
	}
	return true
}

func (s *Server) permitted(from, _ net.Addr, _, _, _ string, _ net.Addr, peer net.IP) {
	s.with(from, func(a *allocation) { a.peers[ipOf(peer)] = true })
}

func (s *Server) forbidden(from, _ net.Addr, _, _, _ string, _ net.Addr, peer net.IP) {
	s.with(from, func(a *allocation) { delete(a.peers, ipOf(peer)) })
}

func (s *Server) bound(from, _ net.Addr, _, _, _ string, _, _ net.Addr, _ uint16) {
	s.with(from, func(a *allocation) { a.channels++ })
}

func (s *Server) unbound(from, _ net.Addr, _, _, _ string, _, _ net.Addr, _ uint16) {
	s.with(from, func(a *allocation) { a.channels-- })
}

func ipOf(peer net.IP) netip.Addr {
	ip, _ := netip.AddrFromSlice(peer)
	return ip
}
