package relay_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"

	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/server/relay"
)

// admission is a call of Config.Admit.
type admission struct {
	req       *http.Request
	candidate relay.Candidate
}

// Admit learns who wants to come in, and all that the request has but the key.
func TestAdmitIsAsked(t *testing.T) {
	asked := make(chan admission, 1)
	s := serve(t, relay.Config{Admit: func(_ context.Context, req *http.Request, c relay.Candidate) (relay.Grant, error) {
		asked <- admission{req, c}
		return relay.Grant{Role: c.Role}, nil
	}})
	dialer := &websocket.Dialer{Subprotocols: []string{wire.Subprotocol, wire.KeyPrefix + keyA, wire.TokenPrefix + "a.b", wire.TicketPrefix + "c.d"}}
	ws, _, err := s.connect(dialer, http.Header{"Cookie": {"session=1"}}, "room", "r", "role", "polite")
	if err != nil {
		t.Fatal(err)
	}
	if got := ws.Subprotocol(); got != wire.Subprotocol {
		t.Errorf("the relay selects %q", got)
	}
	welcome := (&client{t: t, ws: ws}).read().Welcome
	got := <-asked
	if diff := cmp.Diff(relay.Candidate{Room: "r", Role: wire.Polite, ID: welcome.ID}, got.candidate); diff != "" {
		t.Errorf("the candidate (-want +got):\n%s", diff)
	}
	if cookie, err := got.req.Cookie("session"); err != nil || cookie.Value != "1" {
		t.Errorf("the cookie is %v, %v", cookie, err)
	}
	if token, err := relay.Token(got.req); token != "a.b" || err != nil {
		t.Errorf("the token is %q, %v", token, err)
	}
	if ticket := relay.Ticket(got.req); ticket != "c.d" {
		t.Errorf("the ticket is %q", ticket)
	}
	if all := fmt.Sprint(got.req.Header, got.req.URL); strings.Contains(all, keyA) {
		t.Errorf("the key is in %s", all)
	}
}

// Admit is not asked about a client that asks for nonsense.
func TestAdmitIsNotAsked(t *testing.T) {
	s := serve(t, relay.Config{Admit: func(context.Context, *http.Request, relay.Candidate) (relay.Grant, error) {
		t.Error("it is asked")
		return relay.Grant{}, nil
	}})
	s.dial("").expectError(wire.CodeBadRoom)
	s.dial("short", "room", "r").expectError(wire.CodeBadKey)
	s.dial("", "room", "r", "role", "rude").expectError(wire.CodeBadRole)
}

// Admit runs before the upgrade, and may call the relay: no lock is held.
func TestAdmitBeforeTheUpgrade(t *testing.T) {
	var s *server
	s = serve(t, relay.Config{Admit: func(context.Context, *http.Request, relay.Candidate) (relay.Grant, error) {
		if n := s.relay.Totals().Handshakes; n != 0 || !s.relay.Ready() || s.relay.Stats().Connections != 0 {
			t.Errorf("it has %d handshakes", n)
		}
		return relay.Grant{}, nil
	}})
	s.join("", "room", "r")
}

func TestGrants(t *testing.T) {
	servers := []wire.ICEServer{{URLs: []string{"turn:relay.example"}, Username: "u", Credential: "c"}}
	s := serve(t, relay.Config{
		ICEServers: []wire.ICEServer{{URLs: []string{"stun:relay.example"}}},
		Admit: func(_ context.Context, _ *http.Request, c relay.Candidate) (relay.Grant, error) {
			switch c.Room {
			case "role":
				return relay.Grant{Role: wire.Impolite}, nil
			case "three":
				return relay.Grant{PeersPerRoom: 3}, nil
			case "servers":
				return relay.Grant{ICEServers: servers}, nil
			case "ticket":
				return relay.Grant{Ticket: "t.t"}, nil
			default:
				return relay.Grant{}, nil
			}
		},
	})

	// A role: the client is told, and so are the others.
	a, welcome := s.join("", "room", "role")
	if welcome.Role != wire.Impolite {
		t.Errorf("it is told the role %q", welcome.Role)
	}
	s.dial("", "room", "role").expectError(wire.CodeRoleTaken)

	// Limits.
	for range 3 {
		s.join("", "room", "three")
	}
	c := s.dial("", "room", "three")
	c.expectError(wire.CodeRoomFull)
	for range 4 {
		s.join("", "room", "usual")
	}

	// ICE servers: those that are granted, else the usual ones.
	if _, welcome := s.join("", "room", "servers"); !cmp.Equal(welcome.ICEServers, servers) {
		t.Errorf("it is told %+v", welcome.ICEServers)
	}
	if _, welcome := s.join("", "room", "others"); len(welcome.ICEServers) != 1 || welcome.ICEServers[0].URLs[0] != "stun:relay.example" {
		t.Errorf("it is told %+v", welcome.ICEServers)
	}

	// A ticket.
	if _, welcome := s.join("", "room", "ticket"); welcome.Ticket != "t.t" {
		t.Errorf("it is told %+v", welcome)
	}
	a.quit()
}

// A client may be faster than others, also when it was as slow as they before it came
// back: at the usual speed, this would take minutes.
func TestGrantedSpeed(t *testing.T) {
	const messages = 500
	s := serve(t, relay.Config{
		BytesPerSecond:  64 << 10,
		BytesPerAddress: 1 << 30,
		Admit: func(_ context.Context, req *http.Request, _ relay.Candidate) (relay.Grant, error) {
			token, _ := relay.Token(req)
			if token == "fast" {
				return relay.Grant{BytesPerSecond: 1 << 30}, nil
			}
			return relay.Grant{}, nil
		},
	})
	reader, _ := s.join("", "room", "r")
	slow, _ := s.join(keyA, "room", "r")
	reader.expectJoined(slow.id)
	ws, _, err := s.connect(&websocket.Dialer{Subprotocols: []string{wire.Subprotocol, wire.TokenPrefix + "fast", wire.KeyPrefix + keyA}}, nil, "room", "r")
	if err != nil {
		t.Fatal(err)
	}
	sender := &client{t: t, ws: ws}
	sender.id = sender.read().Welcome.ID
	reader.expectJoined(sender.id)
	text := `{"pad":"` + strings.Repeat("x", 32<<10) + `"}`
	for range messages {
		sender.write(text)
		if len(reader.readText()) < len(text) {
			t.Fatal("it is not the message")
		}
	}
}

// Whoever Admit does not let in hears why over the WebSocket, with a code and a close
// code that a page can read, and the two peers of the room notice nothing.
func TestAdmitRefuses(t *testing.T) {
	const secret = "secret reason"
	for name, tt := range map[string]struct {
		query []string
		admit func() (relay.Grant, error)
		code  string
		close int
		words string
	}{
		"for a reason of the wire": {
			admit: func() (relay.Grant, error) {
				return relay.Grant{}, fmt.Errorf("admit: %w", &wire.Error{Code: wire.CodeTokenExpired, Message: "it was yesterday's"})
			},
			code: wire.CodeTokenExpired, close: 4401, words: "it was yesterday's",
		},
		"for a reason that ends no connection": {
			admit: func() (relay.Grant, error) { return relay.Grant{}, &wire.Error{Code: wire.CodeNotFound} },
			code:  wire.CodeForbidden, close: 4403, words: "may not enter",
		},
		"for a reason of its own": {
			admit: func() (relay.Grant, error) { return relay.Grant{}, errors.New(secret) },
			code:  wire.CodeForbidden, close: 4403, words: "may not enter",
		},
		"by a panic": {
			admit: func() (relay.Grant, error) { panic(secret) },
			code:  wire.CodeBusy, close: 4503, words: "try again",
		},
		"by the end of its goroutine": {
			admit: func() (relay.Grant, error) { runtime.Goexit(); return relay.Grant{}, nil },
			code:  wire.CodeBusy, close: 4503, words: "try again",
		},
		"the role that it asks for": {
			query: []string{"role", "polite"},
			admit: func() (relay.Grant, error) { return relay.Grant{}, nil },
			code:  wire.CodeBadRole, close: 4400, words: "may not have the role",
		},
		"another role than it asks for": {
			query: []string{"role", "polite"},
			admit: func() (relay.Grant, error) { return relay.Grant{Role: wire.Impolite}, nil },
			code:  wire.CodeBadRole, close: 4400, words: "may not have the role",
		},
		"by a role that does not exist": {
			admit: func() (relay.Grant, error) { return relay.Grant{Role: "rude"}, nil },
			code:  wire.CodeForbidden, close: 4403, words: "may not enter",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var log written
			logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
			s := serve(t, relay.Config{Logger: logger, Admit: func(_ context.Context, req *http.Request, _ relay.Candidate) (relay.Grant, error) {
				if token, _ := relay.Token(req); token == "friend" {
					return relay.Grant{}, nil
				}
				return tt.admit()
			}})
			friend := func() *client {
				ws, _, err := s.connect(&websocket.Dialer{Subprotocols: []string{wire.Subprotocol, wire.TokenPrefix + "friend"}}, nil, "room", "r")
				if err != nil {
					t.Fatal(err)
				}
				c := &client{t: t, ws: ws}
				c.id = c.read().Welcome.ID
				return c
			}
			a, b := friend(), friend()
			a.expectJoined(b.id)
			c := s.dial("", append([]string{"room", "r"}, tt.query...)...)
			e := c.read()
			if e.Error == nil || e.Error.Code != tt.code || !strings.Contains(e.Error.Message, tt.words) {
				t.Fatalf("it is told %+v, want %s and %q", e.Error, tt.code, tt.words)
			}
			c.expectClose(tt.close, tt.code)
			undisturbed(a, b)
			if n := s.relay.Totals().Rejects[tt.code]; n != 1 {
				t.Errorf("%d are counted as refused", n)
			}
			if strings.Contains(log.String(), secret) {
				t.Errorf("the log has it:\n%s", &log)
			}
		})
	}
}

// An Admit that hangs is not waited for, and what it still costs is counted.
func TestAdmitHangs(t *testing.T) {
	t.Parallel() // it waits
	release := make(chan struct{})
	var returned sync.WaitGroup
	returned.Add(1)
	s := serve(t, relay.Config{Connections: 1, Admit: func(ctx context.Context, _ *http.Request, c relay.Candidate) (relay.Grant, error) {
		if c.Room == "good" {
			return relay.Grant{}, nil
		}
		defer returned.Done()
		deadline, ok := ctx.Deadline()
		if left := time.Until(deadline); !ok || left > 5*time.Second {
			t.Errorf("it has %s", left)
		}
		<-release
		return relay.Grant{}, nil
	}})
	c := s.dial("", "room", "bad")
	c.expectError(wire.CodeBusy)
	c.quit()
	if s.relay.Ready() {
		t.Error("another one may hang as well")
	}
	close(release)
	returned.Wait()
	for !s.relay.Ready() { // it is about to be
		runtime.Gosched()
	}
	s.join("", "room", "good")
}

// A relay that shuts down waits for no Admit.
func TestShutdownDuringAdmit(t *testing.T) {
	asked, release := make(chan struct{}), make(chan struct{})
	defer close(release)
	s := serve(t, relay.Config{Admit: func(context.Context, *http.Request, relay.Candidate) (relay.Grant, error) {
		close(asked)
		<-release
		return relay.Grant{}, nil
	}})
	ended := make(chan error, 1)
	go func() {
		<-asked
		ended <- s.relay.Shutdown(context.Background())
	}()
	c := s.dial("", "room", "r")
	c.expectError(wire.CodeBusy)
	c.expectClose(4503, wire.CodeBusy)
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// A token comes once at most, and is one.
func TestToken(t *testing.T) {
	for name, tt := range map[string]struct {
		offered []string
		want    string
		bad     bool
	}{
		"none":            {[]string{"pn"}, "", false},
		"one":             {[]string{"pn", "pn.token.a.b-_9"}, "a.b-_9", false},
		"one beside keys": {[]string{"pn.key." + keyA, "pn.token.t", "pn"}, "t", false},
		"two":             {[]string{"pn.token.a", "pn.token.b"}, "", true},
		"empty":           {[]string{"pn.token."}, "", true},
		"odd":             {[]string{"pn.token.a=b"}, "", true},
		"long":            {[]string{"pn.token." + strings.Repeat("t", wire.MaxToken+1)}, "", true},
	} {
		req := &http.Request{Header: http.Header{"Sec-Websocket-Protocol": {strings.Join(tt.offered, ", ")}}}
		got, err := relay.Token(req)
		var said *wire.Error
		if got != tt.want || (err != nil) != tt.bad || tt.bad && (!errors.As(err, &said) || said.Code != wire.CodeBadToken) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}
