package turn

import "sync/atomic"

// counts are added to as things happen.
type counts struct {
	allocations, refreshes, sent, received, dropped atomic.Uint64

	forged, expired, overQuota, noPort, denied, paced, connections atomic.Uint64
}

// Reasons for which something is refused.
const (
	RejectForged      = "forged"      // credentials that are none of ours
	RejectExpired     = "expired"     // credentials whose time is over
	RejectQuota       = "quota"       // an allocation beyond a quota
	RejectNoPort      = "no-port"     // an allocation for which there is no port, or that is not over UDP
	RejectPeer        = "peer"        // a permission for an address that is denied
	RejectPace        = "pace"        // a packet of a client without allocation, beyond its pace
	RejectConnections = "connections" // a connection beyond the quota
)

// Stats has the counts of a server: what there is at one moment, and what there was since
// it began.
type Stats struct {
	Allocations int // live

	AllocationsTotal uint64
	Refreshes        uint64
	SentBytes        uint64            // from clients to peers
	ReceivedBytes    uint64            // from peers to clients
	Dropped          uint64            // packets that were not relayed
	Rejects          map[string]uint64 // by reason
}

// Stats returns the current counts.
func (s *Server) Stats() Stats {
	s.mu.RLock()
	live := len(s.public)
	s.mu.RUnlock()
	return Stats{
		Allocations:      live,
		AllocationsTotal: s.counts.allocations.Load(),
		Refreshes:        s.counts.refreshes.Load(),
		SentBytes:        s.counts.sent.Load(),
		ReceivedBytes:    s.counts.received.Load(),
		Dropped:          s.counts.dropped.Load(),
		Rejects: map[string]uint64{
			RejectForged:      s.counts.forged.Load(),
			RejectExpired:     s.counts.expired.Load(),
			RejectQuota:       s.counts.overQuota.Load(),
			RejectNoPort:      s.counts.noPort.Load(),
			RejectPeer:        s.counts.denied.Load(),
			RejectPace:        s.counts.paced.Load(),
			RejectConnections: s.counts.connections.Load(),
		},
	}
}
