package turn

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"strconv"
	"sync/atomic"

	"github.com/pion/turn/v5"
)

// maxInUse is how many ports in a row may be taken by others before an allocation fails.
const maxInUse = 32

var (
	errNoPort     = errors.New("turn: no port is free for an allocation")
	errOnlyUDP    = errors.New("turn: only UDP is relayed")
	errNoRequest  = errors.New("turn: a client cannot ask for a port")
	errNoFamily   = errors.New("turn: there is no public address of this family")
	errShuttingUp = errors.New("turn: the server is closed")
)

// relayed is the socket of an allocation. What pion writes to it goes to a peer.
type relayed struct {
	net.PacketConn
	server *Server
	public netip.AddrPort // as clients and peers know it
	local  netip.AddrPort // as it is reached from this machine

	allocation atomic.Pointer[allocation] // nil: nothing is relayed yet
}

// generator makes the sockets of allocations: it is a [turn.RelayAddressGenerator].
type generator struct{ *Server }

// Validate implements [turn.RelayAddressGenerator].
func (generator) Validate() error { return nil }

// AllocateListener implements [turn.RelayAddressGenerator]. The client gets 508.
func (generator) AllocateListener(turn.AllocateListenerConfig) (net.Listener, net.Addr, error) {
	return nil, nil, errOnlyUDP
}

// AllocateConn implements [turn.RelayAddressGenerator]. The client gets 447.
func (generator) AllocateConn(turn.AllocateConnConfig) (net.Conn, error) { return nil, errOnlyUDP }

// AllocatePacketConn implements [turn.RelayAddressGenerator]. Where it fails, the client
// gets 508.
func (g generator) AllocatePacketConn(c turn.AllocateListenerConfig) (net.PacketConn, net.Addr, error) {
	if c.RequestedPort != 0 || c.UserID == "" { // pion probes for an even port without a user
		return nil, nil, errNoRequest
	}
	ip, ok := g.publicIP(c.Network == "udp6")
	if !ok {
		return nil, nil, errNoFamily
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return nil, nil, errShuttingUp
	}
	r, err := g.listen(c.Network, ip)
	if err != nil {
		return nil, nil, err
	}
	g.public[r.public], g.local[r.local] = r, r
	g.sockets.Add(1)
	return r, net.UDPAddrFromAddrPort(r.public), nil
}

// publicIP returns the public address of a family.
func (s *Server) publicIP(six bool) (netip.Addr, bool) {
	for _, ip := range s.config.PublicIPs {
		if ip.Is6() == six {
			return ip, true
		}
	}
	return netip.Addr{}, false
}

// listen opens a socket at a random port that is free. The caller holds the lock.
func (s *Server) listen(network string, ip netip.Addr) (*relayed, error) {
	bound, here := netip.IPv4Unspecified(), netip.AddrFrom4([4]byte{127, 0, 0, 1})
	if ip.Is6() {
		bound, here = netip.IPv6Unspecified(), netip.IPv6Loopback()
	}
	if s.own.local(ip) { // else it is translated on the way to this machine
		bound, here = ip, ip
	}
	first, n := int(s.config.MinPort), int(s.config.MaxPort)-int(s.config.MinPort)+1
	start, inUse := rand.IntN(n), 0
	for i := range n {
		port := uint16(first + (start+i)%n)
		public := netip.AddrPortFrom(ip, port)
		if s.public[public] != nil {
			continue
		}
		conn, err := net.ListenPacket(network, net.JoinHostPort(bound.String(), strconv.Itoa(int(port))))
		if err == nil {
			return &relayed{PacketConn: conn, server: s, public: public, local: netip.AddrPortFrom(here, port)}, nil
		}
		if inUse++; inUse == maxInUse {
			return nil, fmt.Errorf("%w: %w", errNoPort, err)
		}
	}
	return nil, errNoPort
}

// WriteTo sends a packet of the client to a peer. What must not be sent, or is too much,
// is lost without an error, as in any network.
func (r *relayed) WriteTo(packet []byte, to net.Addr) (int, error) {
	a := r.allocation.Load()
	if a == nil || !a.take(len(packet), outgoing) {
		r.server.counts.dropped.Add(1)
		return len(packet), nil
	}
	if r.send(packet, addrPort(to)) {
		r.server.counts.sent.Add(uint64(len(packet)))
	} else {
		r.server.counts.dropped.Add(1)
	}
	return len(packet), nil
}

// send sends a packet, to this machine only where another allocation is.
func (r *relayed) send(packet []byte, to netip.AddrPort) bool {
	if r.server.own.is(to.Addr()) {
		// The lock keeps that allocation, and with it the port, until the packet is there.
		r.server.mu.RLock()
		defer r.server.mu.RUnlock()
		other := r.server.public[to]
		if other == nil {
			return false
		}
		to = other.local
	}
	_, err := r.PacketConn.WriteTo(packet, net.UDPAddrFromAddrPort(to))
	return err == nil
}

// ReadFrom receives a packet of a peer for the client: from this machine only those of
// other allocations.
func (r *relayed) ReadFrom(buffer []byte) (int, net.Addr, error) {
	for {
		n, from, err := r.PacketConn.ReadFrom(buffer)
		if err != nil {
			return n, from, err
		}
		sender := addrPort(from)
		if r.server.own.is(sender.Addr()) {
			r.server.mu.RLock()
			other := r.server.local[sender]
			r.server.mu.RUnlock()
			if other == nil {
				r.server.counts.dropped.Add(1)
				continue
			}
			from = net.UDPAddrFromAddrPort(other.public)
		}
		if a := r.allocation.Load(); a == nil || !a.take(n, incoming) {
			r.server.counts.dropped.Add(1)
			continue
		}
		r.server.counts.received.Add(uint64(n))
		return n, from, nil
	}
}

// Close frees the port.
func (r *relayed) Close() error {
	s := r.server
	s.mu.Lock()
	held := s.public[r.public] == r
	if held {
		delete(s.public, r.public)
		delete(s.local, r.local)
	}
	s.mu.Unlock()
	err := r.PacketConn.Close()
	if held {
		s.sockets.Done()
	}
	return err
}

// addrPort returns the address of a UDP or TCP socket, IPv4 as such.
func addrPort(a net.Addr) netip.AddrPort {
	var at netip.AddrPort
	switch a := a.(type) {
	case *net.UDPAddr:
		at = a.AddrPort()
	case *net.TCPAddr:
		at = a.AddrPort()
	}
	return netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
}
