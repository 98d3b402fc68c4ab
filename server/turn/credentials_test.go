package turn

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestCredentials(t *testing.T) {
	expires := time.Unix(1_700_000_000, 999)
	name, password := Secret("north south east west").Credentials("alice:bob", expires)
	// printf 1700000000:alice:bob | openssl dgst -sha1 -hmac 'north south east west' -binary | base64
	if name != "1700000000:alice:bob" || password != "/ap+3MJoBk9zP4ch2C84ZO0R1og=" {
		t.Errorf("%s, %s", name, password)
	}
	id, at, ok := parseName(name)
	if id != "alice:bob" || !at.Equal(time.Unix(1_700_000_000, 0)) || !ok {
		t.Errorf("it is read as %s, %s, %t", id, at, ok)
	}
	for _, name := range []string{"", "1700000000", "1700000000:", ":alice", "soon:alice", "1e9:alice", "99999999999999999999:alice"} {
		if _, _, ok := parseName(name); ok {
			t.Errorf("%q is a name", name)
		}
	}
}

func TestReadSecret(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	for text, want := range map[string]string{
		"0123456789abcdef\n":        "0123456789abcdef",
		" a secret of words \r\n\n": "a secret of words",
		"0123456789abcde\n":         "",
		"0123456789\nabcdef\n":      "",
		"":                          "",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		secret, err := ReadSecret(file)
		if string(secret) != want || (err == nil) != (want != "") || err != nil && strings.Contains(err.Error(), "0123") {
			t.Errorf("%q: %q, %v", text, secret, err)
		}
	}
	if _, err := ReadSecret(file + "2"); err == nil {
		t.Error("a file that is not there is read")
	}
}
