package turn

import (
	"net"
	"time"
)

// The pace of packets of clients that have no allocation. A browser in a full room needs
// some 60 for each of its networks.
const (
	strangersPerSecond = 100
	strangersAtOnce    = 500
)

// clientSocket is the socket on which clients come over UDP. Whoever forges an address
// can have answers sent there, which are larger than the requests: the pace bounds that.
type clientSocket struct {
	net.PacketConn
	server    *Server
	strangers *pace // only ReadFrom uses it
}

// ReadFrom returns the next packet that is to be looked at. Calls must not overlap.
func (s *clientSocket) ReadFrom(buffer []byte) (int, net.Addr, error) {
	for {
		n, from, err := s.PacketConn.ReadFrom(buffer)
		if err != nil {
			return n, from, err
		}
		c := clientAt(from)
		if s.server.has(c) || s.strangers.keeps(c.address.Addr(), time.Now()) {
			return n, from, nil
		}
		s.server.counts.paced.Add(1)
	}
}
