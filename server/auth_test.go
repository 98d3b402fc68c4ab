package main

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/server/token"
)

// issuer issues tokens for a server that startServe runs with its file.
type issuer struct {
	t       *testing.T
	file    string
	secrets *token.Secrets
}

func newIssuer(t *testing.T, secret string) issuer {
	t.Helper()
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	secrets, err := token.Load(file, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return issuer{t, file, secrets}
}

// issue returns a token for a room that expires after a time, which may be below 0.
func (i issuer) issue(room string, after time.Duration, more ...func(*token.Claims)) string {
	i.t.Helper()
	c := token.Claims{Room: room, Audience: token.Audience, Expires: time.Now().Add(after)}
	for _, f := range more {
		f(&c)
	}
	text, err := i.secrets.Issue(c)
	if err != nil {
		i.t.Fatal(err)
	}
	return text
}

func withRole(role wire.Role) func(*token.Claims) { return func(c *token.Claims) { c.Role = role } }

var testSecret = strings.Repeat("s", 32)

// enter connects, and returns the first frame.
func enter(t *testing.T, url, query, key, token string) (frame, *websocket.Conn) {
	t.Helper()
	protocols := []string{wire.Subprotocol}
	if key != "" {
		protocols = append(protocols, wire.KeyPrefix+key)
	}
	if token != "" {
		protocols = append(protocols, wire.TokenPrefix+token)
	}
	ws := dial(t, url, query, protocols...)
	if got := ws.Subprotocol(); got != wire.Subprotocol {
		t.Errorf("the server selects %q", got)
	}
	return readFrame(t, ws), ws
}

// refuses checks that a client is refused with a code, and the close code of that.
func refuses(t *testing.T, url, query, key, token, code string) {
	t.Helper()
	f, ws := enter(t, url, query, key, token)
	if f.Error == nil || f.Error.Code != code {
		t.Errorf("%s is told %+v (error %+v), want %s", query, f, f.Error, code)
		return
	}
	if _, _, err := ws.ReadMessage(); !websocket.IsCloseError(err, wire.CloseCode(code)) {
		t.Errorf("it ends with %v", err)
	}
}

// takes checks that a client is let in, and returns its connection.
func takes(t *testing.T, url, query, key, token string) (*wire.Welcome, *websocket.Conn) {
	t.Helper()
	f, ws := enter(t, url, query, key, token)
	if f.Welcome == nil {
		t.Fatalf("%s is told %+v", query, f.Error)
	}
	return f.Welcome, ws
}

// Where there is a secret, a token lets into its room, and nothing else does.
func TestTokens(t *testing.T) {
	i := newIssuer(t, testSecret)
	server := startServe(t, "--auth-secret-file", i.file)
	good := i.issue("inn", time.Hour)
	takes(t, server.url, "room=inn", "", good)
	refuses(t, server.url, "room=inn", "", "", wire.CodeBadToken)
	refuses(t, server.url, "room=other", "", good, wire.CodeBadToken)
	refuses(t, server.url, "room=inn", "", good+"A", wire.CodeBadToken)
	refuses(t, server.url, "room=inn", "", good+", "+wire.TokenPrefix+good, wire.CodeBadToken)
	refuses(t, server.url, "room=inn", "", newIssuer(t, strings.Repeat("t", 32)).issue("inn", time.Hour), wire.CodeBadToken)
	refuses(t, server.url, "room=inn", "", i.issue("inn", time.Hour, func(c *token.Claims) { c.Audience = "another" }), wire.CodeBadToken)
	refuses(t, server.url, "room=inn", "", i.issue("inn", time.Hour, func(c *token.Claims) { c.NotBefore = time.Now().Add(time.Minute) }), wire.CodeBadToken)
	refuses(t, server.url, "room=inn", "", i.issue("inn", -time.Second), wire.CodeTokenExpired)
	refuses(t, server.url, "room=inn&token="+good, "", "", wire.CodeBadToken) // never in a URL
}

// An id in a token is a demand, and no identity.
func TestTokenOfOnePeer(t *testing.T) {
	i := newIssuer(t, testSecret)
	server := startServe(t, "--auth-secret-file", i.file)
	key := signaling.NewKey()
	welcome, ws := takes(t, server.url, "room=inn", key, i.issue("inn", time.Hour))
	_ = ws.Close()
	bound := i.issue("inn", time.Hour, func(c *token.Claims) { c.ID = welcome.ID })
	if again, _ := takes(t, server.url, "room=inn", key, bound); again.ID != welcome.ID {
		t.Errorf("it is %s now, and was %s", again.ID, welcome.ID)
	}
	refuses(t, server.url, "room=inn", signaling.NewKey(), bound, wire.CodeBadToken)
	refuses(t, server.url, "room=inn", "", bound, wire.CodeBadToken)
}

// Only a token gives a role, so nobody caps a room at two who has none.
func TestTokenGivesTheRole(t *testing.T) {
	i := newIssuer(t, testSecret)
	server := startServe(t, "--auth-secret-file", i.file)
	plain := i.issue("inn", time.Hour)
	refuses(t, server.url, "room=inn&role=polite", "", plain, wire.CodeBadRole)
	for range 3 {
		takes(t, server.url, "room=inn", "", plain)
	}
	polite, impolite := i.issue("pair", time.Hour, withRole(wire.Polite)), i.issue("pair", time.Hour, withRole(wire.Impolite))
	if welcome, _ := takes(t, server.url, "room=pair", "", polite); welcome.Role != wire.Polite {
		t.Errorf("it is told the role %q", welcome.Role)
	}
	refuses(t, server.url, "room=pair&role=polite", "", impolite, wire.CodeBadRole)
	if welcome, _ := takes(t, server.url, "room=pair&role=impolite", "", impolite); welcome.Role != wire.Impolite || welcome.Peers[0].Role != wire.Polite {
		t.Errorf("it is told %+v", welcome)
	}
	refuses(t, server.url, "room=pair", "", i.issue("pair", time.Hour), wire.CodeRoomFull)
}

// with is a token and a ticket, as enter takes them.
func with(token, ticket string) string { return token + ", " + wire.TicketPrefix + ticket }

// A token that expires puts nobody out, and a member comes back with its key and its
// ticket, to the same server or to one that has started anew.
func TestTokenExpires(t *testing.T) {
	t.Parallel() // it waits
	i := newIssuer(t, testSecret)
	server := startServe(t, "--auth-secret-file", i.file)
	key := signaling.NewKey()
	end := time.Now().Truncate(time.Second).Add(2 * time.Second)
	short := i.issue("inn", time.Until(end), withRole(wire.Polite))
	welcome, member := takes(t, server.url, "room=inn", key, short)
	if welcome.Ticket == "" {
		t.Fatal("it gets no ticket")
	}
	time.Sleep(time.Until(end))
	refuses(t, server.url, "room=inn", signaling.NewKey(), short, wire.CodeTokenExpired)
	if err := member.WriteMessage(websocket.TextMessage, []byte(`{"to":"`+welcome.ID+`","n":1}`)); err != nil {
		t.Fatal(err)
	}
	if _, text, err := member.ReadMessage(); err != nil || !strings.Contains(string(text), `"n":1`) {
		t.Errorf("it is put out: %q, %v", text, err)
	}
	_ = member.Close()
	for name, url := range map[string]string{"the same": server.url, "another": startServe(t, "--auth-secret-file", i.file).url} {
		t.Run(name, func(t *testing.T) {
			refuses(t, url, "room=inn", key, short, wire.CodeTokenExpired)
			for _, ended := range []string{short, i.issue("inn", -token.Grace)} {
				again, ws := takes(t, url, "room=inn", key, with(ended, welcome.Ticket))
				if again.ID != welcome.ID || again.Role != wire.Polite || again.Ticket != "" {
					t.Errorf("it is %+v now, and was %+v", again, welcome)
				}
				_ = ws.Close()
			}
			without := dial(t, url, "room=inn", wire.Subprotocol, wire.KeyPrefix+key, wire.TicketPrefix+welcome.Ticket)
			if f := readFrame(t, without); f.Welcome == nil {
				t.Errorf("without its token it is told %+v", f.Error)
			}
			_ = without.Close()
			refuses(t, url, "room=inn", signaling.NewKey(), with(short, welcome.Ticket), wire.CodeTokenExpired)
			refuses(t, url, "room=other", key, with(short, welcome.Ticket), wire.CodeBadToken)
			refuses(t, url, "room=inn", key, welcome.Ticket, wire.CodeBadToken) // it is no token
			refuses(t, url, "room=inn", key, with(short, "nonsense"), wire.CodeTokenExpired)
		})
	}
}

// The secret is changed while the server runs.
func TestSecretIsChanged(t *testing.T) {
	t.Parallel() // it waits
	i := newIssuer(t, testSecret)
	server := startServe(t, "--auth-secret-file", i.file, "--auth-audience", "ours")
	ours := func(c *token.Claims) { c.Audience = "ours" }
	before := i.issue("inn", time.Hour, ours)
	takes(t, server.url, "room=inn", "", before)
	refuses(t, server.url, "room=inn", "", i.issue("inn", time.Hour), wire.CodeBadToken)
	next := newIssuer(t, strings.Repeat("n", 40))
	text := readFile(t, next.file) + readFile(t, i.file)
	if err := os.WriteFile(i.file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	after := next.issue("inn", time.Hour, ours)
	for deadline := time.Now().Add(patience); ; { // the server looks once a second
		if f, _ := enter(t, server.url, "room=inn", "", after); f.Welcome != nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the new secret does not count")
		}
		time.Sleep(100 * time.Millisecond)
	}
	takes(t, server.url, "room=inn", "", before)
}

// The room demo can be switched off, with its pages.
func TestNoDemo(t *testing.T) {
	server := startServe(t, "--no-demo")
	refuses(t, server.url, "room=demo", "", "", wire.CodeBadRoom)
	welcome, _ := takes(t, server.url, "room=inn&role=polite", "", "")
	if welcome.Role != wire.Polite {
		t.Errorf("it is told the role %q", welcome.Role)
	}
	for _, path := range []string{"/polite", "/impolite"} {
		if status, _ := get(t, server.url+path); status != 404 {
			t.Errorf("%s: %d", path, status)
		}
	}
	if status, home := get(t, server.url+"/"); status != 200 || strings.Contains(home, `href="./polite"`) {
		t.Errorf("the landing page has links to them: %d", status)
	}
}

// What server token prints lets in, and leads to the page.
func TestTokenCommand(t *testing.T) {
	i := newIssuer(t, testSecret)
	server := startServe(t, "--auth-secret-file", i.file)
	for _, row := range []struct {
		arguments []string
		query     string
		path      string
		role      wire.Role
	}{
		{[]string{"--room", "a room/?"}, "room=a+room/%3F", "r/a%20room%2F%3F", ""},
		{[]string{"--room", "pair", "--role", "impolite", "--ttl", "1m"}, "room=pair", "r/pair", wire.Impolite},
		{[]string{"--room", "demo", "--role", "polite"}, "room=demo&role=polite", "polite", wire.Polite},
	} {
		var out bytes.Buffer
		root := command()
		root.Writer = &out
		arguments := append([]string{"server", "token", "--auth-secret-file", i.file, "--public-url", server.url + "/"}, row.arguments...)
		if err := root.Run(t.Context(), arguments); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(out.String(), "\n")
		if len(lines) != 3 || lines[2] != "" || lines[1] != server.url+"/"+row.path+"#token="+lines[0] {
			t.Errorf("it prints %q", &out)
		}
		if welcome, _ := takes(t, server.url, row.query, "", lines[0]); welcome.Role != row.role {
			t.Errorf("%s gives the role %q", row.arguments, welcome.Role)
		}
		if status, _ := get(t, server.url+"/"+row.path); status != 200 {
			t.Errorf("%s: %d", row.path, status)
		}
	}
}

// A native peer reads its token from a file, which may be renewed, or a variable.
func TestTokenOfANativePeer(t *testing.T) {
	i := newIssuer(t, testSecret)
	server := startServe(t, "--auth-secret-file", i.file)
	file := filepath.Join(t.TempDir(), "token")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text+"\nhttps://example.org/r/inn#token=\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(i.issue("inn", time.Hour))
	peer := startCommand(t, "peer", "--server", server.url, "--room", "inn", "--token-file", file)
	peer.logged("(Joined room)")
	t.Setenv(tokenVariable, i.issue("inn", time.Hour))
	startCommand(t, "peer", "--server", server.url, "--room", "inn").logged("(Joined room)")
	t.Setenv(tokenVariable, i.issue("other", time.Hour))
	other := startCommand(t, "peer", "--server", server.url, "--room", "inn")
	other.logged("(The relay refuses: the token is for another room)")

	read, err := peerToken(file)
	if err != nil {
		t.Fatal(err)
	}
	renewed := i.issue("inn", 2*time.Hour)
	write(renewed)
	if text, err := read(context.Background()); text != renewed || err != nil {
		t.Errorf("it reads %q, %v", text, err)
	}
}
