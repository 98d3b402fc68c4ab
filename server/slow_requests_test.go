package main

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"perfect-negotiation/server/internal/heap"
)

// Requests that trickle in and never end are cut: those that are more than an address may
// have at once, and the others when their time is over. Others are served meanwhile, and
// nothing is left of it.
func TestRequestsThatNeverEnd(t *testing.T) {
	const most, asked = 50, 120
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	v := newVisitors(most, nil)
	server := newServer(http.NotFoundHandler(), slog.New(slog.DiscardHandler))
	server.ConnState, server.ReadTimeout = v.state, time.Second
	ended := make(chan error)
	go func() { ended <- server.Serve(listener) }()
	defer func() {
		_ = server.Close()
		<-ended
	}()

	dial := func(from string) net.Conn {
		d := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(from), 0))}
		c, err := d.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	known := func() int {
		v.mu.Lock()
		defer v.mu.Unlock()
		return len(v.conns)
	}
	attack := func() {
		var cut atomic.Int64
		var running sync.WaitGroup
		for range asked {
			c := dial("127.0.0.66")
			_, _ = io.WriteString(c, "GET /ws?room=r HTTP/1.1\r\nHost: h\r\nX-Slow: ") // may be cut already
			ended := make(chan struct{})
			running.Go(func() { // a byte now and then
				defer c.Close()
				for {
					select {
					case <-ended:
						return
					case <-time.After(50 * time.Millisecond):
						_, _ = io.WriteString(c, "x")
					}
				}
			})
			running.Go(func() {
				_, _ = io.Copy(io.Discard, c)
				cut.Add(1)
				close(ended)
			})
		}
		other := dial("127.0.0.67")
		defer other.Close()
		_, _ = io.WriteString(other, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
		if n, err := other.Read(make([]byte, 1)); n != 1 {
			t.Error("another one is not served: ", err)
		}
		running.Wait()
		if n := cut.Load(); n != asked {
			t.Errorf("%d of %d were cut", n, asked)
		}
		other.Close()
		for deadline := time.Now().Add(20 * time.Second); known() > 0; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%d connections are remembered", known())
			}
		}
	}
	attack() // makes what is made once
	before := heap.InUse()
	attack()
	if after, ok := heap.Back(before); !ok {
		t.Errorf("%d KB before it, and %d KB after it", before>>10, after>>10)
	}
}
