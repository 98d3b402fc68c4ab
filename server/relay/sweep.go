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
}

// sweep pings all clients and ends the connections of those that are silent,
// until Shutdown.
func (r *Relay) sweep() {
	ticker := time.NewTicker(max(r.config.PingInterval/4, time.Millisecond))
	defer ticker.Stop()
	for {
		select {
		case <-r.stop:
			return
		case now := <-ticker.C:
			r.mu.Lock()
			for c := range r.conns {
				c.check(now)
			}
			r.mu.Unlock()
		}
	}
}

// check aborts the connection if the client has been silent for too long, and
// pings it if a ping is due. Only the sweeper calls it.
func (c *conn) check(now time.Time) {
	config := &c.relay.config
	if c.heard.Swap(false) {
		c.heardAt = now
	}
	switch {
	case now.Sub(c.heardAt) >= config.PongTimeout:
		config.Logger.Info("client silent", "id", c.member.ID)
		c.abort()
	case now.Sub(c.pingedAt) >= config.PingInterval:
		c.pingedAt = now
		c.push(frame{websocket.PingMessage, nil})
	}
}
