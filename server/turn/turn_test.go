package turn

import (
	"errors"
	"net"
	"os"
	"testing"
	"time"
)

// A server that is closed ends what its clients have.
func TestClose(t *testing.T) {
	s := serve(t, Config{})
	_, a := s.must(t, "udp", "a")
	_, b := s.must(t, "tcp", "b")
	idle, err := net.Dial("tcp", s.address())
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	reach(t, a, b)
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if got := s.Stats().Allocations; got != 0 {
		t.Errorf("%d allocations are left", got)
	}
	_ = idle.SetReadDeadline(time.Now().Add(patience)) // never fails
	if _, err := idle.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a connection ends with %v", err)
	}
}
