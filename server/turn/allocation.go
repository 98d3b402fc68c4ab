package turn

import (
	"net"
	"net/netip"
)

// client is where a client is, as the server sees it.
type client struct {
	address netip.AddrPort
	tcp     bool
}

func clientAt(a net.Addr) client {
	_, tcp := a.(*net.TCPAddr)
	return client{addrPort(a), tcp}
}

// allocation is what a client has. The server's lock guards it.
type allocation struct {
	id       string
	client   client
	holders  [3]holder
	accounts [3]*account
	made     bool                // pion has made it
	peers    map[netip.Addr]bool // it has permissions for them
	channels int
}

// admit reserves a place for an allocation, or says that the quota is reached (486).
func (s *Server) admit(id, _ string, from net.Addr) bool {
	c := clientAt(from)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.clients[c] != nil { // its former one is just being ended
		return false
	}
	a := s.reserve(id, c)
	if a == nil {
		s.counts.overQuota.Add(1)
		return false
	}
	s.clients[c] = a
	return true
}

// allocated is called when an allocation is there, before anything is relayed.
func (s *Server) allocated(from, _ net.Addr, _, id, _ string, relay net.Addr, _ int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, r := s.clients[clientAt(from)], s.public[addrPort(relay)]
	if a == nil || r == nil {
		return // unreachable: both were there a moment ago
	}
	a.made = true
	r.allocation.Store(a)
	s.counts.allocations.Add(1)
	s.config.Logger.Debug("TURN allocation", "id", id)
}

// deallocated is called when an allocation has ended.
func (s *Server) deallocated(from, _ net.Addr, _, id, _ string) {
	s.drop(clientAt(from))
	s.config.Logger.Debug("TURN allocation ended", "id", id)
}

// failed is called when a request was in vain. If it was for an allocation, its place is
// free again.
func (s *Server) failed(from, _ net.Addr, _, _ string) {
	c := clientAt(from)
	s.mu.RLock()
	a := s.clients[c]
	pending := a != nil && !a.made
	s.mu.RUnlock()
	if pending {
		s.counts.noPort.Add(1)
		s.drop(c)
	}
}

func (s *Server) drop(c client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.clients[c]; a != nil {
		delete(s.clients, c)
		s.release(a)
	}
}

// with calls f with the allocation of a client, if it has one.
func (s *Server) with(from net.Addr, f func(*allocation)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.clients[clientAt(from)]; a != nil {
		f(a)
	}
}

// has reports whether a client has an allocation.
func (s *Server) has(c client) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.clients[c] != nil
}
