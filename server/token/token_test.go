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
		v := NewVerifier(load(t, secretA+"\n"+secretB+"\n"), Audience) // which knows no member
		_, err := v.Verify(row.token, "r", "me")
		if row.code == "" && err != nil || row.code != "" && code(err) != row.code {
			t.Errorf("%s: %v, want %q", name, err, row.code)
		}
		if err != nil && row.token != "" && strings.Contains(err.Error(), row.token) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A token ends, and a member may come back with it for a day.
func TestGrace(t *testing.T) {
	secrets := load(t, secretA)
	synctest.Test(t, func(t *testing.T) {
		v := NewVerifier(secrets, Audience)
		issue := func() string {
			text, err := secrets.Issue(Claims{Room: "r", Audience: Audience, Expires: time.Now().Add(time.Hour)})
			if err != nil {
				t.Fatal(err)
			}
			return text
		}
		text := issue()
		expect := func(room, id, want string) {
			t.Helper()
			if _, err := v.Verify(text, room, id); want == "" && err != nil || want != "" && code(err) != want {
				t.Errorf("%s in %s: %v, want %q", id, room, err, want)
			}
		}
		expect("r", "a", "")
		time.Sleep(time.Hour - time.Second)
		expect("r", "a", "")
		time.Sleep(time.Second)
		expect("r", "a", "")                    // it was in
		expect("r", "b", wire.CodeTokenExpired) // it was not
		expect("s", "a", wire.CodeBadToken)
		time.Sleep(Grace - time.Second)
		expect("r", "a", "")
		expect("r", "b", wire.CodeTokenExpired)
		time.Sleep(time.Second)
		expect("r", "a", wire.CodeTokenExpired) // a day is over, though it came meanwhile
		text = issue()
		expect("r", "a", "")
		expect("r", "b", "")
	})
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

// What is remembered of members is bounded, in a room and in all, and forgotten in time.
func TestMembersAreBounded(t *testing.T) {
	var m members
	now := time.Now()
	for i := range 3 * maxMembers {
		m.add("r", fmt.Sprint(i), now.Add(Grace), now.Add(time.Duration(i)))
	}
	if m.all != maxMembers || !m.has("r", fmt.Sprint(3*maxMembers-1), now) || m.has("r", "0", now) {
		t.Errorf("it remembers %d, and the wrong ones", m.all)
	}
	for i := range 2 * maxAll {
		m.add(fmt.Sprint("r", i), "a", now.Add(Grace), now)
	}
	if m.all != maxAll {
		t.Errorf("it remembers %d", m.all)
	}
	later := now.Add(Grace)
	m.add("new", "a", later.Add(Grace), later)
	if m.all != 1 || len(m.rooms) != 1 || !m.has("new", "a", later) {
		t.Errorf("it remembers %d in %d rooms a day later", m.all, len(m.rooms))
	}
}
