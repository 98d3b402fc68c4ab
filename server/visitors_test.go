package main

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"testing"
	"time"
)

// Connections that never finish a request are no more than an address may have, and cost
// nobody else anything. Those of a proxy are not counted.
func TestVisitors(t *testing.T) {
	for name, tt := range map[string]struct {
		proxies []netip.Prefix
		refused bool
	}{
		"a client": {nil, true},
		"a proxy":  {[]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			v := newVisitors(3, tt.proxies)
			server := newServer(http.NotFoundHandler(), slog.New(slog.DiscardHandler))
			server.ConnState = v.state
			ended := make(chan error)
			go func() { ended <- server.Serve(listener) }()
			defer func() {
				_ = server.Close()
				<-ended
			}()

			dial := func() net.Conn {
				c, err := net.Dial("tcp", listener.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { c.Close() })
				_ = c.SetDeadline(time.Now().Add(8 * time.Second)) // before the server gives up on a request
				return c
			}
			answered := func(c net.Conn) bool {
				if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: h\r\n\r\n"); err != nil {
					return false
				}
				n, _ := c.Read(make([]byte, 1))
				return n == 1
			}
			var slow []net.Conn
			for range 3 {
				slow = append(slow, dial())
			}
			if answered(dial()) == tt.refused {
				t.Errorf("a fourth connection is refused: %t, want %t", !tt.refused, tt.refused)
			}
			if !answered(slow[0]) {
				t.Error("one of the first three is not served")
			}
			slow[1].Close()
			for !answered(dial()) { // until the server has noticed
				time.Sleep(10 * time.Millisecond)
			}
		})
	}
}
