package turn

import (
	"hash/maphash"
	"net"
	"net/netip"
	"time"

	"perfect-negotiation/server/address"
)

// The pace of packets of clients that have no allocation, in one bucket of strangers.
// A browser in a full room needs some 60 for each of its networks.
const (
	strangersPerSecond = 100
	strangersAtOnce    = 500
	strangerBuckets    = 4096 // shared by addresses that happen to have the same hash
)

// clientSocket is the socket on which clients come over UDP. Whoever forges an address
// can have answers sent there, which are larger than the requests: the pace bounds that.
type clientSocket struct {
	net.PacketConn
	server *Server

	// Only ReadFrom uses these.
	seed    maphash.Seed
	buckets []bucket // made when needed
}

type bucket struct {
	tokens float64
	at     time.Time
}

// ReadFrom returns the next packet that is to be looked at. Calls must not overlap.
func (s *clientSocket) ReadFrom(buffer []byte) (int, net.Addr, error) {
	for {
		n, from, err := s.PacketConn.ReadFrom(buffer)
		if err != nil {
			return n, from, err
		}
		c := clientAt(from)
		if s.server.has(c) || s.paced(c.address.Addr(), time.Now()) {
			return n, from, nil
		}
		s.server.counts.paced.Add(1)
	}
}

// paced reports whether a packet of a stranger keeps to the pace.
func (s *clientSocket) paced(from netip.Addr, now time.Time) bool {
	if s.buckets == nil {
		s.buckets, s.seed = make([]bucket, strangerBuckets), maphash.MakeSeed()
	}
	b := &s.buckets[maphash.Comparable(s.seed, address.Account(from))%strangerBuckets]
	b.tokens = min(b.tokens+strangersPerSecond*now.Sub(b.at).Seconds(), strangersAtOnce)
	b.at = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
