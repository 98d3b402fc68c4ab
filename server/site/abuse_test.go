package site

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"perfect-negotiation/server/internal/heap"
)

// Whoever asks for files and does not read them holds as many as an address may download
// at once, and no copies of them; others are served, and nothing is left of it.
func TestDownloadsThatNobodyReads(t *testing.T) {
	const most, asked = 4, 100
	content := make([]byte, 16<<20) // more than the network holds
	var writing atomic.Int64
	d := newDownloads(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		writing.Add(1)
		defer writing.Add(-1)
		http.ServeContent(w, r, "file", time.Time{}, bytes.NewReader(content))
	}), most, func(r *http.Request) netip.Addr { return netip.MustParseAddr(r.Header.Get("X-Client")) })
	s := httptest.NewServer(d)
	defer s.Close()

	attack := func(held func()) {
		var all []net.Conn
		for range asked {
			c, err := net.Dial("tcp", s.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			_ = c.(*net.TCPConn).SetReadBuffer(4 << 10)
			if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: h\r\nX-Client: 192.0.2.1\r\n\r\n"); err != nil {
				t.Fatal(err)
			}
			all = append(all, c)
		}
		eventually(t, "all ask", func() bool { return d.users() == asked })
		eventually(t, "some are served", func() bool { return writing.Load() == most })
		held()
		for _, c := range all {
			c.Close()
		}
		eventually(t, "nobody asks", func() bool { return d.users() == 0 && writing.Load() == 0 })
	}
	attack(func() {}) // makes what is made once
	before := heap.InUse()
	attack(func() {
		if now := heap.InUse(); now > before+asked*64<<10 {
			t.Errorf("%d KB before it, and %d KB in it", before>>10, now>>10)
		}
		request, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL, nil)
		request.Header.Set("X-Client", "192.0.2.2")
		response, err := s.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if n, err := io.Copy(io.Discard, response.Body); err != nil || n != int64(len(content)) {
			t.Errorf("another one gets %d bytes, %v", n, err)
		}
		s.Client().CloseIdleConnections()
	})
	eventually(t, "the memory is free", func() bool {
		_, ok := heap.Back(before)
		return ok
	})
	if n := len(d.of); n != 0 {
		t.Errorf("%d addresses are remembered", n)
	}
}

// users returns how many requests are served or wait.
func (d *downloads) users() (n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, s := range d.of {
		n += s.users
	}
	return n
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("not in 20 s: ", what)
		}
	}
}
