package cluster

import (
	"sync/atomic"
	"time"
)

// Stats has what a node counts.
type Stats struct {
	Connected bool // to NATS
	Ready     bool // rooms can be claimed
	Links     int  // to nodes with which it shares rooms
	Rooms     int  // that live here
	Elsewhere int  // rooms of others in which this node has clients
	Guests    int  // clients of other nodes in rooms here
	Seats     int  // clients of this node in rooms of others

	LeaseAge time.Duration // since the lease was renewed

	// Since the start.
	Packets   uint64 // published for other nodes
	Bytes     uint64 // of these
	Gaps      uint64 // in what came from other nodes; each ended a link
	Broken    uint64 // links that ended with clients on them, for this or another reason
	Takeovers uint64 // of rooms of nodes that were gone
	Lost      uint64 // rooms that another node has taken over from this one
	Unread    uint64 // packets that were none, or of a version to come
}

type counters struct {
	packets, bytes, gaps, broken, takeovers, lost, unread atomic.Uint64
}

// Stats returns the current counts.
func (n *Node) Stats() Stats {
	c := &n.stats
	s := Stats{
		Connected: n.nats.IsConnected(),
		Packets:   c.packets.Load(),
		Bytes:     c.bytes.Load(),
		Gaps:      c.gaps.Load(),
		Broken:    c.broken.Load(),
		Takeovers: c.takeovers.Load(),
		Lost:      c.lost.Load(),
		Unread:    c.unread.Load(),
	}
	n.claims.mu.Lock()
	s.Ready = n.claims.ready
	for _, c := range n.claims.of {
		if c.state == held {
			s.Rooms++
		}
	}
	n.claims.mu.Unlock()
	s.LeaseAge = time.Since(n.lease.renewedAt())
	rooms := map[string]bool{}
	for _, l := range n.all() {
		l.rooms(rooms)
		l.mu.Lock()
		if l.active() {
			s.Links++
		}
		s.Guests += len(l.guests)
		s.Seats += len(l.seats)
		l.mu.Unlock()
	}
	s.Elsewhere = len(rooms)
	return s
}
