package main

import (
	"os"
	"testing"

	"perfect-negotiation/negotiation/signaling/wire"
)

// Values that browsers and peers can use are accepted.
func TestGoodUsage(t *testing.T) {
	for _, origin := range []string{"*", "null", "https://example.org", "http://localhost:3000", "https://Example.org:8443", "http://[::1]:3000", "chrome-extension://abcdef"} {
		if err := checkOrigin(origin); err != nil {
			t.Error(err)
		}
	}
	for _, address := range []string{":8080", "localhost:0", "[::1]:8080", "127.0.0.1:http", ":"} {
		if err := checkAddress("addr", address); err != nil {
			t.Error(err)
		}
	}
	if err := checkICEServer(wire.ICEServer{
		URLs:     []string{"stun:example.org", "stun:[::1]:3478", "stuns:example.org", "turn:127.0.0.1:3478?transport=tcp", "turns:example.org"},
		Username: "u", Credential: "c",
	}); err != nil {
		t.Error(err)
	}
}

// An empty variable counts as unset.
func TestUnsetEmpty(t *testing.T) {
	t.Setenv("PN_ADDR", "")
	t.Setenv("PN_ROOM", "inn")
	t.Setenv("OTHER", "")
	unsetEmpty()
	for name, want := range map[string]bool{"PN_ADDR": false, "PN_ROOM": true, "OTHER": true} {
		if _, set := os.LookupEnv(name); set != want {
			t.Errorf("%s is set: %t", name, set)
		}
	}
}
