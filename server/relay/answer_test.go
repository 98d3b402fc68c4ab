package relay_test

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"perfect-negotiation/server/relay"
)

// The answer to the handshake and the first frame come together, be that a welcome or an
// error: the relay writes once.
func TestAnswerWithFirstFrame(t *testing.T) {
	s := serve(t, relay.Config{})
	for room, frame := range map[string]string{"r": `{"welcome":`, "": `{"error":`} {
		address := s.http.Listener.Addr().String()
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_ = c.SetReadDeadline(time.Now().Add(patience))
		fmt.Fprintf(c, "GET /ws?room=%s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n", room, address)
		text := make([]byte, 4<<10)
		n, err := c.Read(text)
		head, first, _ := strings.Cut(string(text[:n]), "\r\n\r\n")
		if err != nil || !strings.HasPrefix(head, "HTTP/1.1 101 ") || len(first) < 4 || !strings.Contains(first[:4+len(frame)], frame) {
			t.Errorf("%q is answered %q, %v", room, text[:n], err)
		}
	}
}
