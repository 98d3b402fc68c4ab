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

// servePublic runs a server that is known as a URL, and returns its address.
func servePublic(t *testing.T, public string) (url string) {
	t.Helper()
	ignore := goleak.IgnoreCurrent()
	at, err := site.ParsePublic(public)
	if err != nil {
		t.Fatal(err)
	}
	r := relay.New(relay.Config{})
	s := httptest.NewServer(site.New(site.Config{Relay: r, Public: at}))
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = r.Shutdown(ctx)
		s.Close()
		goleak.VerifyNone(t, ignore)
	})
	return s.URL
}

// ask asks a server for a path as if it were at a host.
func ask(t *testing.T, url, path, host string) (response *http.Response, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = host
	response, err = (&http.Transport{DisableKeepAlives: true}).RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	return response, string(text)
}

// The page is served with its path and without, and only to who asks for its host.
func TestPublicURL(t *testing.T) {
	url := servePublic(t, "https://Example.org:443/app")
	for _, tt := range []struct {
		path, host string
		want       int
	}{
		{"/polite", "example.org", http.StatusOK},
		{"/app/polite", "example.org", http.StatusOK},
		{"/app/polite", "EXAMPLE.org:443", http.StatusOK},
		{"/app/", "example.org", http.StatusOK},
		{"/app", "example.org", http.StatusPermanentRedirect},
		{"/apps/polite", "example.org", http.StatusNotFound},
		{"/app/r/a%2Fb", "example.org", http.StatusOK},
		{"/polite", "evil.example", http.StatusMisdirectedRequest},
		{"/app/polite", "example.org:8080", http.StatusMisdirectedRequest},
		{"/ws?room=r", "evil.example", http.StatusMisdirectedRequest},
		{"/healthz", "10.0.0.1", http.StatusOK},
		{"/readyz", "10.0.0.1", http.StatusOK},
		{"/app/healthz", "example.org", http.StatusOK},
	} {
		if response, body := ask(t, url, tt.path, tt.host); response.StatusCode != tt.want {
			t.Errorf("%s at %s: %s %.100q, want %d", tt.path, tt.host, response.Status, body, tt.want)
		}
	}
	response, _ := ask(t, url, "/app/polite", "example.org")
	policy := response.Header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "connect-src 'self' wss://example.org;") {
		t.Errorf("the policy is %q", policy)
	}
}

// Only its own page may use it, and that has a scheme.
func TestPublicOrigin(t *testing.T) {
	url := servePublic(t, "https://example.org/app/")
	for origin, want := range map[string]bool{
		"https://example.org":  true,
		"http://example.org":   false,
		"https://evil.example": false,
	} {
		header := http.Header{"Origin": {origin}, "Host": {"example.org"}}
		ws, response, err := websocket.DefaultDialer.Dial(strings.Replace(url, "http", "ws", 1)+"/app/ws?room=r", header)
		switch {
		case err == nil:
			ws.Close()
			if !want {
				t.Errorf("%s is let in", origin)
			}
		case want || response == nil || response.StatusCode != http.StatusForbidden:
			t.Errorf("%s: %v, %+v", origin, err, response)
		}
	}
}

func TestParsePublic(t *testing.T) {
	for text, want := range map[string]string{
		"https://example.org":          "https://example.org/",
		"https://example.org:443/":     "https://example.org/",
		"http://Example.org:80/a/b":    "http://example.org/a/b/",
		"https://example.org:8443/app": "https://example.org:8443/app/",
		"http://[::1]:8080":            "http://[::1]:8080/",
		"http://[2001:db8::1]":         "http://[2001:db8::1]/",
		"example.org":                  "",
		"ftp://example.org":            "",
		"https://":                     "",
		"https://u@example.org":        "",
		"https://example.org/?a":       "",
		"https://example.org/#":        "",
		"https://example.org//app":     "",
	} {
		u, err := site.ParsePublic(text)
		if want == "" && err == nil || want != "" && (err != nil || u.String() != want) {
			t.Errorf("%s: %v, %v, want %s", text, u, err, want)
		}
	}
}
