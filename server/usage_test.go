package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"perfect-negotiation/negotiation/signaling/wire"
)

func TestUsage(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context()) // what is right would begin
	cancel()
	for _, arguments := range [][]string{
		{"peer", "--role", "kind"},
		{"peer", "--room", ""},
		{"peer", "--room", " "},
		{"peer", "--room", strings.Repeat("r", 65)},
		{"peer", "--key", "short"},
		{"peer", "--server", "http://user:password@localhost:8080"},
		{"peer", "--server", "http://localhost:99999"},
		{"peer", "--server", "http://localhost:port"},
		{"peer", "--media", "record", "--record-limit", "9223372036855", "here"},
		{"peer", "--connect", "never"},
		{"peer", "--server", "localhost:8080"},
		{"peer", "--nonsense"},
		{"peer", "somewhere"},
		{"peer", "--media", "dance"},
		{"peer", "--media", "record"},
		{"peer", "--media", "record", "here", "there"},
		{"peer", "--media", "record", "--record-limit", "0", "here"},
		{"peer", "--media", "pattern", "somewhere"},
		{"--nonsense"},
		{"dance"},
		{"serve", "--peers-per-room", "1"},
		{"serve", "--peers-per-room", "many"},
		{"serve", "--addr", "8080"},
		{"serve", "--addr", "localhost:99999"},
		{"serve", "--addr", "localhost:nonsense"},
		{"serve", "--origin", ""},
		{"serve", "--origin", "example.org"},
		{"serve", "--origin", "localhost:3000"},
		{"serve", "--origin", "https://example.org/"},
		{"serve", "--origin", "https://example.org:443"},
		{"serve", "--origin", "https://example.org", "--origin", "http://user@example.org"},
		{"serve", "--ice-server", "nonsense"},
		{"serve", "--ice-server", "http://example.org"},
		{"serve", "--ice-server", "stun:"},
		{"serve", "--ice-server", "stun:example.org:99999"},
		{"serve", "--ice-server", "stun:example.org?transport=tcp"},
		{"serve", "--ice-server", "stun:example.org", "--ice-server", "turn:example.org"},
		{"serve", "--ice-server", "turns:example.org", "--ice-username", "u"},
	} {
		t.Run(strings.Join(arguments, " "), func(t *testing.T) {
			root := command()
			root.Writer, root.ErrWriter = io.Discard, io.Discard
			if err := root.Run(ended, append([]string{"server"}, arguments...)); !errors.Is(err, errUsage) {
				t.Errorf("error %v", err)
			}
		})
	}
	t.Run("nothing is made", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "recordings")
		err := command().Run(ended, []string{"server", "peer", "--role", "kind", "--media", "record", dir})
		if !errors.Is(err, errUsage) {
			t.Errorf("error %v", err)
		}
		if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the directory is there, error %v", err)
		}
	})
}

// What browsers and peers can use is taken.
func TestGoodUsage(t *testing.T) {
	for _, origin := range []string{"*", "null", "https://example.org", "http://localhost:3000", "https://Example.org:8443", "http://[::1]:3000", "chrome-extension://abcdef"} {
		if err := checkOrigin(origin); err != nil {
			t.Error(err)
		}
	}
	for _, address := range []string{":8080", "localhost:0", "[::1]:8080", "127.0.0.1:http", ":"} {
		if err := checkAddress(address); err != nil {
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

// An empty variable is none.
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

// The help tells all that can be typed.
func TestHelp(t *testing.T) {
	help := command().Command("peer").Description
	for _, typed := range []string{"/connect", "/renegotiate", "/restart", "/media on", "/media off", "/peers", "/to PEER text", "/reconnect", "/quit", "//text"} {
		if !strings.Contains(help, typed) {
			t.Errorf("it does not tell of %s", typed)
		}
	}
}
