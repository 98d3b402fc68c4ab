package turn

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// minSecret is the least length of a secret in a file, in bytes.
const minSecret = 16

// Secret signs credentials. All servers that take them have the same one.
type Secret []byte

// NewSecret returns a random secret, for a server that is alone.
func NewSecret() Secret {
	secret := make(Secret, 32)
	_, _ = rand.Read(secret) // never fails
	return secret
}

// ReadSecret reads a secret from a file: one line, of 16 bytes at least. coturn has it as
// static-auth-secret.
func ReadSecret(name string) (Secret, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, 4096))
	if err != nil {
		return nil, err
	}
	text = bytes.TrimSpace(text)
	switch {
	case len(text) < minSecret:
		return nil, fmt.Errorf("%s: a secret has at least %d characters", name, minSecret)
	case bytes.ContainsAny(text, "\r\n"):
		return nil, errors.New(name + ": a secret is one line")
	}
	return text, nil
}

// Credentials returns a name and a password that are good for a client until they expire,
// in whole seconds. See draft-uberti-behave-turn-rest-00, section 2.2.
func (s Secret) Credentials(id string, expires time.Time) (name, password string) {
	name = strconv.FormatInt(expires.Unix(), 10) + ":" + id
	return name, s.password(name)
}

func (s Secret) password(name string) string {
	mac := hmac.New(sha1.New, s) // as the TURN REST API has it; it is keyed, so collisions do not matter
	mac.Write([]byte(name))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// parseName returns what the name in credentials says. An id may have colons.
func parseName(name string) (id string, expires time.Time, ok bool) {
	seconds, id, found := strings.Cut(name, ":")
	at, err := strconv.ParseInt(seconds, 10, 64)
	return id, time.Unix(at, 0), found && id != "" && err == nil
}
