package site

import (
	"net/http"
	"net/netip"
	"sync"
	"time"

	"perfect-negotiation/server/address"
)

// DownloadsPerAddress is how many files one address downloads at once, by default.
const DownloadsPerAddress = 10

// downloadPatience is how long a further download waits until another one ends. Pages
// load more files than that, but none of them takes long, unless the network is slow.
const downloadPatience = 20 * time.Second

// downloads bounds how many responses are being written to one address.
type downloads struct {
	next    http.Handler
	most    int
	address func(*http.Request) netip.Addr

	mu sync.Mutex
	of map[netip.Addr]*slots
}

// slots are those of one address that downloads, or waits to.
type slots struct {
	taken chan struct{} // one for each download
	users int
}

func newDownloads(next http.Handler, most int, address func(*http.Request) netip.Addr) *downloads {
	return &downloads{next: next, most: most, address: address, of: map[netip.Addr]*slots{}}
}

func (d *downloads) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	client := address.Account(d.address(req))
	if !client.IsValid() {
		d.next.ServeHTTP(w, req)
		return
	}
	s := d.enter(client)
	defer d.leave(client, s)
	timer := time.NewTimer(downloadPatience)
	defer timer.Stop()
	select {
	case s.taken <- struct{}{}:
		defer func() { <-s.taken }()
		d.next.ServeHTTP(w, req)
	case <-timer.C:
		w.Header().Set("Retry-After", "10")
		http.Error(w, "Your address downloads too much at once. Try again later.", http.StatusTooManyRequests)
	case <-req.Context().Done():
	}
}

func (d *downloads) enter(client netip.Addr) *slots {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.of[client]
	if s == nil {
		s = &slots{taken: make(chan struct{}, d.most)}
		d.of[client] = s
	}
	s.users++
	return s
}

func (d *downloads) leave(client netip.Addr, s *slots) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s.users--; s.users == 0 {
		delete(d.of, client)
	}
}
