package relay_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/server/relay"
)

func TestPlainRequestIsToldWhatToDo(t *testing.T) {
	s := serve(t, relay.Config{})
	response, err := s.http.Client().Get(s.http.URL + "/ws?room=r")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	if response.StatusCode != http.StatusUpgradeRequired || response.Header.Get("Upgrade") != "websocket" || !strings.Contains(string(body), "WebSocket") {
		t.Fatalf("got %s, Upgrade %q, %q", response.Status, response.Header.Get("Upgrade"), body)
	}
}

func TestOrigin(t *testing.T) {
	for name, tt := range map[string]struct {
		allowed []string
		origin  string // HOST: the relay's own
		want    bool
	}{
		"none: not a browser":        {nil, "", true},
		"own host":                   {nil, "http://HOST", true},
		"own host behind TLS proxy":  {nil, "https://HOST", true},
		"foreign":                    {nil, "http://evil.example", false},
		"own host as prefix":         {nil, "http://HOST.evil.example", false},
		"own host as user":           {nil, "http://HOST@evil.example", false},
		"sandboxed page":             {nil, "null", false},
		"nonsense":                   {nil, "http://%zz", false},
		"listed":                     {[]string{"https://good.example"}, "https://good.example", true},
		"listed, other letter case":  {[]string{"https://Good.example"}, "https://good.Example", true},
		"not the listed scheme":      {[]string{"https://good.example"}, "http://good.example", false},
		"not listed":                 {[]string{"https://good.example"}, "https://evil.example", false},
		"own host beside the listed": {[]string{"https://good.example"}, "http://HOST", true},
		"any":                        {[]string{"*"}, "https://evil.example", true},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, relay.Config{Origins: tt.allowed})
			header := http.Header{}
			if tt.origin != "" {
				header.Set("Origin", strings.ReplaceAll(tt.origin, "HOST", s.http.Listener.Addr().String()))
			}
			ws, response, err := s.connect(websocket.DefaultDialer, header, "room", "r")
			if !tt.want {
				if err == nil || response.StatusCode != http.StatusForbidden {
					t.Fatalf("got %v, %+v, want 403", err, response)
				}
				return
			}
			if err != nil {
				t.Fatalf("%v, %+v", err, response)
			}
			ws.Close()
		})
	}
}

// The relay's log names each refused origin once, up to a limit, and the
// response tells the page's author what to do.
func TestRefusedOrigin(t *testing.T) {
	var log written
	s := serve(t, relay.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	refuse := func(origin string) {
		t.Helper()
		_, response, err := s.connect(websocket.DefaultDialer, http.Header{"Origin": {origin}}, "room", "r")
		if err == nil {
			t.Fatalf("%s is let in", origin)
		}
		body, _ := io.ReadAll(response.Body)
		if want := "start the server with --origin " + origin[:min(len(origin), 200)]; !strings.Contains(string(body), want) {
			t.Errorf("the response is %q", body)
		}
	}
	for range 3 {
		refuse("https://twice.example")
	}
	refuse("https://" + strings.Repeat("long", 1000) + ".example")
	if n := strings.Count(log.String(), "level=WARN"); n != 2 || !strings.Contains(log.String(), "origin=https://twice.example\n") || len(log.String()) > 1000 {
		t.Errorf("%d origins are in the log:\n%s", n, &log)
	}
	for n := range 200 {
		refuse(fmt.Sprintf("https://%d.example", n))
	}
	if n := strings.Count(log.String(), "level=WARN"); n != 100 {
		t.Errorf("%d origins are in the log", n)
	}
}

func TestSubprotocol(t *testing.T) {
	key := wire.KeyPrefix + strings.Repeat("k", 22)
	for _, tt := range []struct {
		offered []string
		want    string
	}{
		{nil, ""},
		{[]string{"pn"}, "pn"},
		{[]string{key, "pn"}, "pn"},
		{[]string{key}, ""}, // the relay never sends a key back
		{[]string{"chat"}, ""},
	} {
		s := serve(t, relay.Config{})
		ws, _, err := s.connect(&websocket.Dialer{Subprotocols: tt.offered}, nil, "room", "r")
		if err != nil {
			t.Fatal(err)
		}
		if got := ws.Subprotocol(); got != tt.want {
			t.Errorf("offered %q: got %q, want %q", tt.offered, got, tt.want)
		}
	}
}

func TestNoCompression(t *testing.T) {
	s := serve(t, relay.Config{})
	_, response, err := s.connect(&websocket.Dialer{EnableCompression: true}, nil, "room", "r")
	if err != nil {
		t.Fatal(err)
	}
	if got := response.Header.Get("Sec-WebSocket-Extensions"); got != "" {
		t.Fatalf("extensions %q, want none", got)
	}
}
