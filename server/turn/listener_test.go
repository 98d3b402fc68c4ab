package turn

import (
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

// Connections of those who want no allocation are closed, as are those that speak something
// else.
func TestConnectionsEnd(t *testing.T) {
	s := serve(t, Config{idle: 200 * time.Millisecond})
	_, relay := s.must(t, "tcp", "a")
	for name, text := range map[string]string{
		"silence":              "",
		"HTTP":                 "GET / HTTP/1.1\r\n\r\n",
		"TLS":                  "\x16\x03\x01\x00\x05hello",
		"a part of a message":  "\x00\x01\x00\x08\x21\x12\xa4\x42",
		"too large a message":  "\x00\x01\xff\xfc\x21\x12\xa4\x42" + strings.Repeat("x", 3000),
		"too much for channel": "\x40\x00\xff\xff" + strings.Repeat("x", 3000),
		"a channel of nobody":  "\x40\x00\x00\x04abcd",
	} {
		conn, err := net.Dial("tcp", s.address())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(patience)) // never fails
		if _, err := conn.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if n, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: %d, %v", name, n, err)
		}
	}
	s.listener.mu.Lock()
	open := len(s.listener.conns)
	s.listener.mu.Unlock()
	if open > 1 {
		await(t, "only the one with an allocation is left", func() bool {
			s.listener.mu.Lock()
			defer s.listener.mu.Unlock()
			return len(s.listener.conns) == 1 && len(s.listener.of) == 1
		})
	}
	_, other := s.must(t, "udp", "b")
	if _, err := relay.WriteTo([]byte("still here"), other.LocalAddr()); err != nil {
		t.Error(err)
	}
}

// An address has so many connections.
func TestConnectionsAreBounded(t *testing.T) {
	s := serve(t, Config{PerAddress: Limit{Allocations: 1}})
	for range 1 + sparePerAddress {
		conn, err := net.Dial("tcp", s.address())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	conn, err := net.Dial("tcp", s.address())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience)) // never fails
	if _, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a further one: %v", err)
	}
	if got := s.Stats().Rejects[RejectConnections]; got != 1 {
		t.Errorf("%d are counted", got)
	}
}

// So has it in a second.
func TestConnectionsArePaced(t *testing.T) {
	s := serve(t, Config{})
	for range 2 * connectsAtOnce {
		conn, err := net.Dial("tcp", s.address())
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.Close()
	}
	await(t, "some are refused", func() bool { return s.Stats().Rejects[RejectConnections] > 0 })
}

// Strangers are answered at a pace, and do not slow those down who have an allocation.
func TestStrangersArePaced(t *testing.T) {
	s := serve(t, Config{})
	member := s.ask(t, "a")
	if code := member.request(stun.MethodAllocate, transport(17)); code != 0 {
		t.Fatal(code)
	}
	stranger := s.ask(t, "b")
	request := stun.MustBuild(stun.TransactionID, stun.BindingRequest)
	await(t, "some are dropped", func() bool {
		for range strangersAtOnce { // some may be lost before the server reads them
			if _, err := stranger.conn.Write(request.Raw); err != nil {
				t.Fatal(err)
			}
		}
		return s.Stats().Rejects[RejectPace] > 0
	})
	for range 2 * strangersAtOnce {
		if code := member.request(stun.MethodRefresh); code != 0 {
			t.Fatal(code)
		}
	}
}
