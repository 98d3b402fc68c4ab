package web

import (
	"strings"
	"testing"
)

func TestSecurityHeadersAreOnEverything(t *testing.T) {
	for _, target := range []string{"/", "/polite", "/r/x", "/boot.js", "/log.js", wasmPath, "/nowhere", "/r/%0A", "/a/../b"} {
		h := do(built(t), "GET", target).Header
		for name, want := range map[string]string{
			"X-Content-Type-Options":     "nosniff",
			"Referrer-Policy":            "no-referrer",
			"Permissions-Policy":         "camera=(self), microphone=(self), display-capture=(self)",
			"Cross-Origin-Opener-Policy": "same-origin",
			"Content-Security-Policy": "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; " +
				"media-src 'self' blob:; connect-src 'self' ws://example.org:8080 wss://example.org:8080; " +
				"base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
		} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", target, name, got, want)
			}
		}
	}
}

func TestHostCannotInjectIntoThePolicy(t *testing.T) {
	for host, want := range map[string]string{
		"localhost:8080":           "connect-src 'self' ws://localhost:8080 wss://localhost:8080;",
		"192.168.1.7":              "connect-src 'self' ws://192.168.1.7 wss://192.168.1.7;",
		"my_box.lan:80":            "connect-src 'self' ws://my_box.lan:80 wss://my_box.lan:80;",
		"[::1]:8080":               "connect-src 'self';",
		"a; script-src *":          "connect-src 'self';",
		"a *":                      "connect-src 'self';",
		"*":                        "connect-src 'self';",
		"a\r\nSet-Cookie: x":       "connect-src 'self';",
		"a:123456":                 "connect-src 'self';",
		"":                         "connect-src 'self';",
		strings.Repeat("a", 1_000): "connect-src 'self';",
	} {
		if got := contentPolicy("", host); !strings.Contains(got, want) {
			t.Errorf("host %q: %s", host, got)
		}
	}
}
