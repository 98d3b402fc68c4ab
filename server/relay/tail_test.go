package relay_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/server/relay"
)

// Who is put out and sends on is told why all the same, and hardly read any more.
func TestSendingOnAfterTheEnd(t *testing.T) {
	s := serve(t, relay.Config{})
	c, _ := s.join("", "room", "r")
	_ = c.ws.UnderlyingConn().(*net.TCPConn).SetWriteBuffer(16 << 10)
	sent := make(chan int)
	go func() {
		n := 0
		defer func() { sent <- n }()
		c.ws.SetWriteDeadline(time.Now().Add(patience))
		if c.ws.WriteMessage(websocket.TextMessage, []byte(strings.Repeat("x", wire.MaxFrame+1))) != nil {
			return
		}
		block := []byte(strings.Repeat("\x8a\x80mask", 10_000)) // pongs
		for n < 64<<20 {
			m, err := c.ws.UnderlyingConn().Write(block)
			n += m
			if err != nil {
				return
			}
		}
	}()
	c.expectError(wire.CodeTooLarge)
	c.expectClose(websocket.CloseMessageTooBig, wire.CodeTooLarge)
	if n := <-sent; n > 16<<20 { // what the network holds, too
		t.Errorf("%d bytes were taken", n)
	}
}
