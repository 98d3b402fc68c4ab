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
// says that the server is there, and /readyz that it takes clients.
func Handler(r *relay.Relay) http.Handler {
	ok := func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) }
	ready := func(w http.ResponseWriter, req *http.Request) {
		if r.Ready() {
			ok(w, req)
		} else {
			http.Error(w, "shutting down", http.StatusServiceUnavailable)
		}
	}
	mux := http.NewServeMux()
	mux.Handle("/ws", r)
	mux.HandleFunc("GET /healthz", ok)
	mux.HandleFunc("GET /readyz", ready)
	mux.Handle("/", web.Handler(negotiation.Source))
	return mux
}
