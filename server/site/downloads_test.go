package site

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
)

// So many downloads of an address run at once; further ones wait until one ends, and
// those of others do not.
func TestDownloads(t *testing.T) {
	running, end := make(chan struct{}), make(chan struct{})
	slow := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		running <- struct{}{}
		<-end
	})
	d := newDownloads(slow, 2, func(r *http.Request) netip.Addr {
		a, _ := netip.ParseAddr(r.Header.Get("X-Client"))
		return a
	})
	s := httptest.NewServer(d)
	defer s.Close()
	done := make(chan error, 10)
	download := func(client string) {
		request, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL, nil)
		request.Header.Set("X-Client", client)
		go func() {
			response, err := s.Client().Do(request)
			if err == nil {
				response.Body.Close()
			}
			done <- err
		}()
	}
	for range 3 {
		download("192.0.2.1")
	}
	<-running
	<-running
	for _, other := range []string{"192.0.2.2", "192.0.2.2", "", "", ""} { // the last three are not counted
		download(other)
		<-running
	}
	select {
	case <-running:
		t.Fatal("a third one runs")
	default:
	}
	close(end)
	<-running
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.of) != 0 {
		t.Errorf("%d addresses are remembered", len(d.of))
	}
}
