package signaling

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"perfect-negotiation/negotiation/signaling/wire"
)

// Options say where and as whom a [Client] connects.
type Options struct {
	Server string    // http, https, ws or wss URL of the relay; its /ws is used
	Room   string    // see wire.RoomRule
	Role   wire.Role // empty: the ranks decide
	Rank   *int      // 0 to 1000; of two peers without a Role the one with the higher rank is polite; nil: none is stated
	// CA has the certificates of authorities, in PEM, that are trusted beside those of
	// the system; by package peer for TURN servers, too. Natively only: a page trusts
	// whom its browser does.
	CA []byte

	// Token returns the token to show a relay that wants one, see wire.TokenRule; empty:
	// none. It is called before each connect, with 10 s until ctx ends, so that it can
	// renew the token; an error is reported, and connecting tried again. If it returns
	// one that the relay has called expired, a client that was never in the room gives
	// up. Nil: there is no token.
	Token func(ctx context.Context) (string, error)

	// Ticket is one that OnTicket was called with, in an earlier life of a client with the
	// same Key and Room: it lets that back in though its token has expired. It may be
	// empty. OnTicket, if set, is called with each new one, which is a secret like Key. A
	// Client remembers its tickets by itself.
	Ticket   string
	OnTicket func(ticket string)

	Key string // secret identity of 22 to 64 characters of base64url, see NewKey; empty: a new one
}

// Validate returns an error if a relay would always refuse the options. It does not
// look at Server, which another [Dialer] may not need.
func (o Options) Validate() error {
	switch {
	case !wire.ValidRoom(o.Room):
		return fmt.Errorf("room %q "+wire.RoomRule, o.Room)
	case !wire.ValidRole(o.Role):
		return fmt.Errorf("role %q "+wire.RoleRule+", or empty", o.Role)
	case o.Rank != nil && !wire.ValidRank(*o.Rank):
		return fmt.Errorf("rank %d "+wire.RankRule, *o.Rank)
	case o.Key != "" && !wire.ValidKey(o.Key):
		return errors.New("the key " + wire.KeyRule)
	case o.Ticket != "" && !wire.ValidToken(o.Ticket):
		return errors.New("the ticket " + wire.TokenRule)
	}
	return nil
}

// address returns the URL to connect to, or an error if the dialer or the relay
// would always refuse it.
func (o Options) address() (string, error) {
	if err := o.Validate(); err != nil {
		return "", err
	}
	server, err := url.Parse(o.Server)
	if err != nil {
		return "", fmt.Errorf("server: %w", errors.Unwrap(err)) // err itself may show a password
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
	server.RawQuery = "room=" + url.QueryEscape(o.Room)
	if o.Rank != nil {
		server.RawQuery += "&rank=" + strconv.Itoa(*o.Rank)
	}
	server.RawQuery += "&protocol=" + strconv.Itoa(wire.Protocol)
	if o.Role != "" {
		server.RawQuery += "&role=" + string(o.Role)
	}
	return server.String(), nil
}
