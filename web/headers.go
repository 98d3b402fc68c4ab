package web

import (
	"net/http"
	"regexp"
	"strings"
)

// plainHost matches a host with an optional port, as CSP's host-source can express
// it. It cannot express an IPv6 address; there 'self' has to do.
var plainHost = regexp.MustCompile(`^[A-Za-z0-9._-]{1,253}(:[0-9]{1,5})?$`)

// contentPolicy allows the page what it needs and nothing else. Browsers before CSP 3
// do not count a WebSocket to the same host as 'self', so it is named, with both schemes
// unless the request's is known to be https.
func contentPolicy(scheme, host string) string {
	connect := "connect-src 'self'"
	if plainHost.MatchString(host) {
		if scheme != "https" {
			connect += " ws://" + host
		}
		connect += " wss://" + host
	}
	return strings.Join([]string{
		"default-src 'none'",
		"script-src 'self' 'wasm-unsafe-eval'",
		"style-src 'self'",
		"img-src 'self' data:",
		"media-src 'self' blob:",
		connect,
		"base-uri 'none'",
		"form-action 'self'",
		"frame-ancestors 'none'",
		"require-trusted-types-for 'script'",
		"trusted-types 'none'",
	}, "; ")
}

// Secure returns a handler whose responses, redirects and errors included, have a browser
// allow the page only what it needs.
func Secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, scheme := w.Header(), r.URL.Scheme
		if r.TLS != nil {
			scheme = "https"
		}
		h.Set("Content-Security-Policy", contentPolicy(scheme, r.Host))
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Permissions-Policy", "camera=(self), microphone=(self), display-capture=(self)")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}
