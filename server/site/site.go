// Package site is what the server serves over HTTP: the relay, the page, and what a
// load balancer asks.
package site

import (
	"log/slog"
	"net/http"
	"net/url"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/server/relay"
	"perfect-negotiation/web"
)

// Handler serves the relay at /ws and the page at all else but two paths: /healthz
// says that the server is there, and /readyz that it takes clients. /readyz?join answers
// as a WebSocket of who asks would be answered, for pages, which cannot see why theirs
// was not: 403 if pages of its site may not, 429 or 503 with Retry-After; it may name a room.
func Handler(r *relay.Relay) http.Handler { return New(Config{Relay: r}) }

// Config of the site. Zero and negative numbers stand for the default.
type Config struct {
	Relay     *relay.Relay
	Logger    *slog.Logger // nil: nothing is logged
	Downloads int          // at once, for one address; default 10
	Public    *url.URL     // where people reach the server, see [ParsePublic]; nil: wherever they ask for it
	NoDemo    bool         // there are no pages of the room demo
	Unbuilt   bool         // the page does not work, see [web.Built]: /readyz is not ready
}

// New is [Handler] with all that can be set.
func New(c Config) http.Handler {
	r := c.Relay
	if c.Downloads <= 0 {
		c.Downloads = DownloadsPerAddress
	}
	ok := func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) }
	ready := func(w http.ResponseWriter, req *http.Request) {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", "*") // pages elsewhere may use the relay, too
		h.Set("Access-Control-Expose-Headers", "Retry-After")
		refusal := r.Full()
		if req.URL.Query().Has("join") {
			refusal = r.Refuses(req)
		}
		if refusal != nil {
			refusal.ServeHTTP(w, req)
			return
		}
		if c.Unbuilt && !req.URL.Query().Has("join") {
			http.Error(w, "The page is not built: run make build, and compile the server anew.", http.StatusServiceUnavailable)
			return
		}
		ok(w, req)
	}
	health := http.NewServeMux()
	health.HandleFunc("GET /healthz", ok)
	health.HandleFunc("GET /readyz", ready)
	page := newDownloads(web.Handler(web.Config{Source: negotiation.Source, Logger: c.Logger, NoDemo: c.NoDemo}), c.Downloads, r.Client)
	all := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		switch req.URL.Path { // a ServeMux would redirect, without the headers of the page
		case "/ws":
			r.ServeHTTP(w, req)
		case "/healthz", "/readyz":
			health.ServeHTTP(w, req)
		default:
			page.ServeHTTP(w, req)
		}
	})
	if c.Public != nil {
		return public{c.Public, all}
	}
	return all
}
