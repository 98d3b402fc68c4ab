package token

import (
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"perfect-negotiation/negotiation/signaling/wire"
)

var secretA, secretB = strings.Repeat("a", 32), strings.Repeat("b", 48)

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func load(t *testing.T, text string) *Secrets {
	t.Helper()
	file := filepath.Join(t.TempDir(), "secret")
	write(t, file, text)
	s, err := Load(file, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func code(err error) string {
	var said *wire.Error
	if !errors.As(err, &said) {
		return fmt.Sprint(err)
	}
	return said.Code
}

func TestSecrets(t *testing.T) {
	for text, want := range map[string]string{
		secretA:                         "",
		secretA + "\n":                  "",
		secretA + "\r\n" + secretB:      "",
		"\n" + secretA + "\n\n":         "",
		"":                              "must have one or two lines",
		"\n\n":                          "must have one or two lines",
		secretA[1:]:                     "has 31 bytes",
		secretA + "\nshort":             "has 5 bytes",
		strings.Repeat(secretA+"\n", 3): "must have one or two lines",
	} {
		file := filepath.Join(t.TempDir(), "secret")
		write(t, file, text)
		_, err := Load(file, slog.New(slog.DiscardHandler))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "short")) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	if _, err := Load(filepath.Join(t.TempDir(), "nowhere"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

// What our own issuer signs lets in, and says who is let in.
func TestIssue(t *testing.T) {
	s := load(t, secretA)
	v := NewVerifier(s, Audience)
	for _, c := range []Claims{
		{Room: "r", Audience: Audience, Expires: time.Now().Add(time.Minute).Truncate(time.Second)},
		{Room: "a room", Audience: Audience, Expires: time.Now().Add(time.Hour).Truncate(time.Second), NotBefore: time.Now().Truncate(time.Second), Role: wire.Polite, ID: "me"},
	} {
		text, err := s.Issue(c)
		if err != nil || !wire.ValidToken(text) {
			t.Fatalf("%q, %v", text, err)
		}
		got, err := v.Verify(text, c.Room, "me")
		if err != nil || !got.Expires.Equal(c.Expires) || !got.NotBefore.Equal(c.NotBefore) || got.Role != c.Role || got.ID != c.ID || got.Room != c.Room {
			t.Errorf("%+v, %v, want %+v", got, err, c)
		}
	}
	for _, c := range []Claims{{Room: "", Audience: Audience}, {Room: "r", Role: "rude"}} {
		if text, err := s.Issue(c); err == nil {
			t.Errorf("%+v is issued: %s", c, text)
		}
	}
}

// part is one of a token's three.
func part(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// signed is a token whose header and claims may be anything.
func signed(header, payload, secret string) string {
	text := part(header) + "." + part(payload)
	signature, err := jwt.SigningMethodHS256.Sign(text, []byte(secret))
	if err != nil {
		panic(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// Each token that must not let in is refused, with a code and no word of its content.
func TestVerify(t *testing.T) {
	const hs256 = `{"alg":"HS256","typ":"JWT"}`
	soon, past := time.Now().Add(time.Hour).Unix(), time.Now().Add(-time.Hour).Unix()
	good := fmt.Sprintf(`{"room":"r","aud":"perfect-negotiation","exp":%d}`, soon)
	claims := func(more string) string { return good[:len(good)-1] + "," + more + "}" }
	for name, row := range map[string]struct {
		token string
		code  string // empty: it lets in
	}{
		"good":               {signed(hs256, good, secretA), ""},
		"the other secret":   {signed(hs256, good, secretB), ""},
		"for several":        {signed(hs256, fmt.Sprintf(`{"room":"r","aud":["other","perfect-negotiation"],"exp":%d}`, soon), secretA), ""},
		"begun":              {signed(hs256, claims(fmt.Sprintf(`"nbf":%d`, past)), secretA), ""},
		"with a role":        {signed(hs256, claims(`"role":"polite"`), secretA), ""},
		"for us":             {signed(hs256, claims(`"id":"me"`), secretA), ""},
		"with other claims":  {signed(hs256, claims(`"sub":"x","iat":1,"more":{}`), secretA), ""},
		"none":               {"", wire.CodeBadToken},
		"nonsense":           {"nonsense", wire.CodeBadToken},
		"two parts":          {"a.b", wire.CodeBadToken},
		"another secret":     {signed(hs256, good, secretA+"x"), wire.CodeBadToken},
		"no secret":          {signed(hs256, good, ""), wire.CodeBadToken},
		"not signed":         {part(`{"alg":"none"}`) + "." + part(good) + ".", wire.CodeBadToken},
		"not signed, None":   {part(`{"alg":"None"}`) + "." + part(good) + ".", wire.CodeBadToken},
		"another algorithm":  {signed(`{"alg":"HS512"}`, good, secretA), wire.CodeBadToken},
		"of a key pair":      {signed(`{"alg":"RS256"}`, good, secretA), wire.CodeBadToken},
		"no algorithm":       {signed(`{"typ":"JWT"}`, good, secretA), wire.CodeBadToken},
		"critical header":    {signed(`{"alg":"HS256","crit":["x"],"x":1}`, good, secretA), wire.CodeBadToken},
		"signature cut":      {signed(hs256, good, secretA)[:90], wire.CodeBadToken},
		"padded":             {signed(hs256, good, secretA) + "=", wire.CodeBadToken},
		"not JSON":           {signed(hs256, "nonsense", secretA), wire.CodeBadToken},
		"no room":            {signed(hs256, fmt.Sprintf(`{"aud":"perfect-negotiation","exp":%d}`, soon), secretA), wire.CodeBadToken},
		"another room":       {signed(hs256, strings.Replace(good, `"r"`, `"s"`, 1), secretA), wire.CodeBadToken},
		"room a number":      {signed(hs256, strings.Replace(good, `"r"`, `1`, 1), secretA), wire.CodeBadToken},
		"no audience":        {signed(hs256, fmt.Sprintf(`{"room":"r","exp":%d}`, soon), secretA), wire.CodeBadToken},
		"another audience":   {signed(hs256, strings.Replace(good, "perfect-", "other-", 1), secretA), wire.CodeBadToken},
		"no end":             {signed(hs256, `{"room":"r","aud":"perfect-negotiation"}`, secretA), wire.CodeBadToken},
		"end a text":         {signed(hs256, `{"room":"r","aud":"perfect-negotiation","exp":"never"}`, secretA), wire.CodeBadToken},
		"not begun":          {signed(hs256, claims(fmt.Sprintf(`"nbf":%d`, soon)), secretA), wire.CodeBadToken},
		"no such role":       {signed(hs256, claims(`"role":"rude"`), secretA), wire.CodeBadToken},
		"for another":        {signed(hs256, claims(`"id":"you"`), secretA), wire.CodeBadToken},
		"expired":            {signed(hs256, fmt.Sprintf(`{"room":"r","aud":"perfect-negotiation","exp":%d}`, past), secretA), wire.CodeTokenExpired},
		"expired long ago":   {signed(hs256, `{"room":"r","aud":"perfect-negotiation","exp":0}`, secretA), wire.CodeTokenExpired},
		"expired elsewhere":  {signed(hs256, fmt.Sprintf(`{"room":"s","aud":"perfect-negotiation","exp":%d}`, past), secretA), wire.CodeBadToken},
		"expired and forged": {signed(hs256, fmt.Sprintf(`{"room":"r","aud":"perfect-negotiation","exp":%d}`, past), secretA+"x"), wire.CodeBadToken},
	} {
		v := NewVerifier(load(t, secretA+"\n"+secretB+"\n"), Audience)
		_, err := v.Verify(row.token, "r", "me")
		if row.code == "" && err != nil || row.code != "" && code(err) != row.code {
			t.Errorf("%s: %v, want %q", name, err, row.code)
		}
		if err != nil && row.token != "" && strings.Contains(err.Error(), row.token) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A ticket lets a member back in for a day after its token has ended, and nobody else.
func TestTickets(t *testing.T) {
	secrets := load(t, secretA)
	synctest.Test(t, func(t *testing.T) {
		v := NewVerifier(secrets, Audience)
		issue := func(c Claims) (token, ticket string) {
			t.Helper()
			c.Room, c.Audience, c.Expires = "r", Audience, time.Now().Add(time.Hour)
			token = mustIssue(t, secrets, c)
			said, err := v.Verify(token, "r", "a")
			if err != nil {
				t.Fatal(err)
			}
			ticket, err = v.Ticket(said, "a")
			if err != nil || !wire.ValidToken(ticket) {
				t.Fatalf("%q, %v", ticket, err)
			}
			return token, ticket
		}
		token, ticket := issue(Claims{Role: wire.Polite, NotBefore: time.Now()})
		returns := func(text, room, id string, want bool) {
			t.Helper()
			later := NewVerifier(secrets, Audience) // as after a restart
			if c, ok := later.Return(text, room, id); ok != want || ok && c.Role != wire.Polite {
				t.Errorf("%s in %s after %s: %+v, %t", id, room, time.Now().Format(time.TimeOnly), c, ok)
			}
		}
		for range 2 {
			returns(ticket, "r", "a", true)
			returns(ticket, "r", "b", false)
			returns(ticket, "r", "", false)
			returns(ticket, "s", "a", false)
			returns(token, "r", "a", false) // a token is no ticket
			if _, err := v.Verify(ticket, "r", "a"); code(err) != wire.CodeBadToken {
				t.Errorf("a ticket is a token: %v", err)
			}
			time.Sleep(time.Hour)
		}
		if _, err := v.Verify(token, "r", "a"); code(err) != wire.CodeTokenExpired {
			t.Errorf("the token has not ended: %v", err)
		}
		time.Sleep(Grace - time.Hour - time.Second)
		returns(ticket, "r", "a", true)
		time.Sleep(time.Second)
		returns(ticket, "r", "a", false)

		for name, text := range map[string]string{
			"none":                "",
			"nonsense":            "a.b.c",
			"of another server":   ticketOf(t, NewVerifier(secrets, "another")),
			"of another secret":   ticketOf(t, NewVerifier(load(t, secretB), Audience)),
			"a token for tickets": mustIssue(t, secrets, Claims{Room: "r", Audience: v.ticketAudience(), Expires: time.Now().Add(time.Hour), Role: wire.Polite}),
		} {
			if c, ok := v.Return(text, "r", "a"); ok {
				t.Errorf("%s: %+v", name, c)
			}
		}
		returns(ticketOf(t, v), "r", "a", true)
	})
}

// ticketOf returns a new ticket for the polite a in the room r.
func ticketOf(t *testing.T, v *Verifier) string {
	t.Helper()
	ticket, err := v.Ticket(Claims{Room: "r", Expires: time.Now().Add(time.Hour), Role: wire.Polite}, "a")
	if err != nil {
		t.Fatal(err)
	}
	return ticket
}

func mustIssue(t *testing.T, s *Secrets, c Claims) string {
	t.Helper()
	text, err := s.Issue(c)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// The secret can be changed while the server runs, in steps that refuse nobody.
func TestRotation(t *testing.T) {
	var log strings.Builder // used by one goroutine
	file := filepath.Join(t.TempDir(), "secret")
	write(t, file, secretA)
	secrets, err := Load(file, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	later := func() { secrets.at = time.Time{} } // than a second
	v := NewVerifier(secrets, Audience)
	issue := func() string {
		text, err := secrets.Issue(Claims{Room: "r", Audience: Audience, Expires: time.Now().Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	expect := func(text, want string) {
		t.Helper()
		if _, err := v.Verify(text, "r", "a"); want == "" && err != nil || want != "" && code(err) != want {
			t.Errorf("%v, want %q", err, want)
		}
	}
	old := issue()
	expect(old, "")
	write(t, file, secretB+"\n"+secretA)
	later()
	expect(old, "")
	fresh := issue()
	expect(fresh, "")
	write(t, file, "broken")
	for range 3 {
		later()
		expect(old, "")
	}
	if n := strings.Count(log.String(), "cannot be used"); n != 1 || strings.Contains(log.String(), "broken") {
		t.Errorf("the log says it %d times:\n%s", n, &log)
	}
	write(t, file, secretB)
	later()
	expect(old, wire.CodeBadToken)
	expect(fresh, "")
}
