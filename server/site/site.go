// Package site is what the server serves over HTTP: the relay, the page, and what a
// load balancer asks.
package site

import (
	"net/http"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/server/relay"
	"perfect-negotiation/web"
)

// Handler serves the relay at /ws and the page at all else but two paths: /healthz
// says that the server is there, and /readyz that it takes clients. /readyz?join answers
// as a WebSocket of who asks would be answered, for pages, which cannot see why theirs
// was not; it may name a room.
func Handler(r *relay.Relay) http.Handler {
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
		ok(w, req)
	}
	mux := http.NewServeMux()
	mux.Handle("/ws", r)
	mux.HandleFunc("GET /healthz", ok)
	mux.HandleFunc("GET /readyz", ready)
	mux.Handle("/", web.Handler(negotiation.Source))
	return mux
}
