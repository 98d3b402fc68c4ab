package site_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"perfect-negotiation/server/relay"
	"perfect-negotiation/server/site"
)

// serve runs a server, and returns its address.
func serve(t *testing.T, config relay.Config) (url string) {
	t.Helper()
	ignore := goleak.IgnoreCurrent()
	r := relay.New(config)
	s := httptest.NewServer(site.Handler(r))
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = r.Shutdown(ctx)
		s.Client().CloseIdleConnections()
		s.Close()
		goleak.VerifyNone(t, ignore)
	})
	return s.URL
}

// join enters a room, and returns the connection.
func join(t *testing.T, url, room string) *websocket.Conn {
	t.Helper()
	ws, response, err := websocket.DefaultDialer.Dial(strings.Replace(url, "http", "ws", 1)+"/ws?room="+room, nil)
	if err != nil {
		t.Fatalf("dial: %v, %+v", err, response)
	}
	t.Cleanup(func() { ws.Close() })
	if _, _, err := ws.ReadMessage(); err != nil { // the welcome
		t.Fatal(err)
	}
	return ws
}

// answers checks what a page of another site is answered at an address.
func answers(t *testing.T, url string, status int, words string) {
	t.Helper()
	transport := &http.Transport{DisableKeepAlives: true}
	response, err := (&http.Client{Transport: transport}).Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	if response.StatusCode != status || !strings.Contains(string(body), words) {
		t.Errorf("%s: %s %q, want %d and %q", url, response.Status, body, status, words)
	}
	if status != http.StatusOK && (response.Header.Get("Retry-After") == "" || response.Header.Get("Access-Control-Allow-Origin") != "*" ||
		response.Header.Get("Access-Control-Expose-Headers") != "Retry-After") {
		t.Errorf("%s: a page elsewhere is not told: %v", url, response.Header)
	}
}

// A relay that is full says so, and is there.
func TestReadyWhenFull(t *testing.T) {
	url := serve(t, relay.Config{Connections: 1})
	answers(t, url+"/readyz?join", http.StatusOK, "ok")
	join(t, url, "r")
	answers(t, url+"/healthz", http.StatusOK, "ok")
	answers(t, url+"/readyz", http.StatusServiceUnavailable, "is full")
	answers(t, url+"/readyz?join&room=r", http.StatusServiceUnavailable, "is full")
}

// A page of a site that may not use the relay is told so, and that is final.
func TestReadyForAnotherSite(t *testing.T) {
	for origins, status := range map[string]int{"": http.StatusForbidden, "https://example.org": http.StatusOK} {
		url := serve(t, relay.Config{Origins: []string{origins}})
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/readyz?join&room=r", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Origin", "https://example.org")
		request.Close = true
		response, err := http.DefaultTransport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if told := strings.Contains(string(text), "--origin https://example.org"); err != nil || response.StatusCode != status || told != (status == http.StatusForbidden) ||
			response.Header.Get("Access-Control-Allow-Origin") != "*" || response.Header.Get("Retry-After") != "" {
			t.Errorf("%s: %s %q, %v, %v", origins, response.Status, text, response.Header, err)
		}
	}
}

// What only one address may not do is no matter of a load balancer's.
func TestReadyForOneAddress(t *testing.T) {
	url := serve(t, relay.Config{ConnectionsPerAddress: 1, Rooms: 1})
	answers(t, url+"/readyz?join&room=other", http.StatusOK, "ok")
	join(t, url, "r")
	answers(t, url+"/readyz", http.StatusOK, "ok")
	answers(t, url+"/readyz?join&room=other", http.StatusServiceUnavailable, "opens no other")
	answers(t, url+"/readyz?join&room=r", http.StatusTooManyRequests, "has 1 connections")
}
