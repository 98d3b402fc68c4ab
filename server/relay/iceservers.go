package relay

import (
	"time"

	"perfect-negotiation/negotiation/signaling/wire"
)

// iceServers returns the ICE servers for the client, and notes when fresh ones are due.
// The caller holds the lock of the relay.
func (c *conn) iceServers(now time.Time) []wire.ICEServer {
	config := &c.relay.config
	fixed, fresh := config.ICEServers, config.ICEServersFor
	if c.grant.ICEServers != nil || c.grant.ICEServersFor != nil {
		fixed, fresh = c.grant.ICEServers, c.grant.ICEServersFor
	}
	if fresh == nil {
		return fixed
	}
	servers, expires := fresh(c.member.ID)
	c.freshAt = time.Time{}
	if !expires.IsZero() {
		c.freshAt = now.Add(expires.Sub(now) / 2)
	}
	if servers == nil {
		servers = []wire.ICEServer{}
	}
	return servers
}

// freshDue reports whether the client is to be sent fresh ICE servers. The caller holds
// the lock of the relay.
func (c *conn) freshDue(now time.Time) bool {
	return !c.freshAt.IsZero() && !now.Before(c.freshAt) && !c.ending.Load()
}
