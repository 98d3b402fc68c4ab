package signaling

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"perfect-negotiation/negotiation/signaling/wire"
)

const keyAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// Options say where and as whom a [Client] connects.
type Options struct {
	Server string // http, https, ws or wss URL of the relay; its /ws is used
	Room   string // 1 to 64 characters, none of them a control character, and not only spaces
	Role   string // wire.RolePolite, wire.RoleImpolite, or empty: the ranks decide
	Rank   int    // 0 to 1000; of two peers without a Role the one with the higher rank is polite
	Key    string // secret identity of 22 to 64 characters of base64url, see NewKey; empty: a new one
}

// address returns the URL to connect to, or an error if what dials it or the relay
// would refuse it for ever.
func (o Options) address() (string, error) {
	switch {
	case utf8.RuneCountInString(o.Room) > 64 || !utf8.ValidString(o.Room) ||
		strings.TrimSpace(o.Room) == "" || strings.ContainsFunc(o.Room, unicode.IsControl):
		return "", fmt.Errorf("room %q must have 1 to 64 characters, none of them a control character, and not only spaces", o.Room)
	case o.Role != "" && o.Role != wire.RolePolite && o.Role != wire.RoleImpolite:
		return "", fmt.Errorf("role %q must be %s or %s, or empty", o.Role, wire.RolePolite, wire.RoleImpolite)
	case o.Rank < 0 || o.Rank > 1000:
		return "", fmt.Errorf("rank %d must be from 0 to 1000", o.Rank)
	case o.Key != "" && (len(o.Key) < 22 || len(o.Key) > 64 || strings.Trim(o.Key, keyAlphabet) != ""):
		return "", errors.New("the key must have 22 to 64 characters of A-Z a-z 0-9 - _")
	}
	server, err := url.Parse(o.Server)
	if err != nil {
		return "", fmt.Errorf("server: %w", errors.Unwrap(err)) // it may have a password in it
	}
	switch server.Scheme {
	case "http", "ws":
		server.Scheme = "ws"
	case "https", "wss":
		server.Scheme = "wss"
	default:
		return "", fmt.Errorf("server %q must be a URL like http://localhost:8080", server.Redacted())
	}
	if server.Host == "" || strings.ContainsAny(o.Server, "?#") {
		return "", fmt.Errorf("server %q must be a URL of a host, like http://localhost:8080", server.Redacted())
	}
	if server.User != nil {
		return "", errors.New("server: the URL must have neither user nor password, which browsers refuse")
	}
	if _, err := strconv.ParseUint(server.Port(), 10, 16); server.Port() != "" && err != nil {
		return "", fmt.Errorf("server: there is no port %s", server.Port())
	}
	server = server.JoinPath("ws")
	server.RawQuery = "room=" + url.QueryEscape(o.Room) + "&rank=" + strconv.Itoa(o.Rank)
	if o.Role != "" {
		server.RawQuery += "&role=" + o.Role
	}
	return server.String(), nil
}
