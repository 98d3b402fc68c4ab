package relay

import (
	"time"

	"github.com/gorilla/websocket"
)

// add registers c with the sweeper and with Shutdown.
func (r *Relay) add(c *conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.conns[c] = struct{}{}
}

func (r *Relay) remove(c *conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.conns, c)
	r.entered--
	r.accounts.close(c.account)
}

// sweep pings all clients and ends the connections of those that are silent,
// until Shutdown.
func (r *Relay) sweep() {
	period := max(r.config.PingInterval/4, time.Millisecond)
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	swept := time.Now()
	for {
		select {
		case <-r.stop:
			return
		case <-ticker.C:
			r.mu.Lock()
			now := time.Now()
			// Where the process stood still, so did the clients, as far as it can tell.
			late := max(now.Sub(swept)-2*period, 0)
			swept = now
			for c := range r.conns {
				c.check(now, late)
			}
			r.mu.Unlock()
			r.accounts.sweep(now)
		}
	}
}

// check aborts the connection if the client has been silent for too long, evicts it if a
// frame has waited for it for as long, and pings it if a ping is due. late is a time in
// which the relay did not look, and so the client could do nothing. Only the sweeper
// calls it.
func (c *conn) check(now time.Time, late time.Duration) {
	config := &c.relay.config
	c.heardAt, c.readAt = c.heardAt.Add(late), c.readAt.Add(late)
	if c.heard.Swap(false) {
		c.heardAt = now
	}
	if put, taken := c.queue.progress(); taken >= c.mark {
		c.mark, c.readAt = put, now
	}
	if c.freshDue(now) {
		servers := c.iceServers(now)
		c.send(notice{ICEServers: &servers}.encode())
	}
	switch {
	case now.Sub(c.readAt) >= config.PongTimeout && c.in.Load() && !c.ending.Load():
		c.evict()
		c.readAt = now
	case now.Sub(c.heardAt) >= config.PongTimeout:
		config.Logger.Info("client silent", "id", c.member.ID)
		c.relay.totals.evictions.add(EvictSilent)
		c.abort()
	case now.Sub(c.pingedAt) >= config.PingInterval:
		c.pingedAt = now
		c.push(frame{websocket.PingMessage, nil, nil})
	}
}
