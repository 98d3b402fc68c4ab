package token

import (
	"fmt"
	"slices"
	"time"

	"perfect-negotiation/negotiation/signaling/wire"
)

// Grace is how long after its end a token's member may come back.
const Grace = 24 * time.Hour

// Verifier verifies the tokens of clients. Its methods may be called from any goroutine.
type Verifier struct {
	secrets  *Secrets
	audience string
}

// NewVerifier returns a verifier of tokens that the secrets have signed, for a server
// with this audience.
func NewVerifier(secrets *Secrets, audience string) *Verifier {
	return &Verifier{secrets: secrets, audience: audience}
}

// Verify returns what a token says that a client with this id shows, to enter a room.
// The error, if it does not let it in, is for the client: bad-token, or token-expired
// where a newer one will do.
func (v *Verifier) Verify(text, room, id string) (Claims, error) {
	if text == "" {
		return Claims{}, bad("this server wants a token: open the whole link that you were given, or give the peer its token")
	}
	return v.verify(text, v.audience, room, id)
}

// Ticket returns a ticket for a client with this id that a token has let in. It lets
// nobody else in, into no other room, for 24 h after the token has ended. The server need
// not remember it.
func (v *Verifier) Ticket(c Claims, id string) (string, error) {
	c.Audience, c.Expires, c.NotBefore, c.ID = v.ticketAudience(), c.Expires.Add(Grace), time.Time{}, id
	return v.secrets.Issue(c)
}

// Return reports whether a ticket lets a client with this id into a room again, and if so
// what its token said. A ticket is no token, so who comes back gets no other one, and the
// 24 h end.
func (v *Verifier) Return(ticket, room, id string) (c Claims, ok bool) {
	c, err := v.verify(ticket, v.ticketAudience(), room, id)
	return c, err == nil && c.ID == id
}

// ticketAudience sets tickets apart from tokens, RFC 8725, section 3.12.
func (v *Verifier) ticketAudience() string { return v.audience + " ticket" }

func (v *Verifier) verify(text, audience, room, id string) (Claims, error) {
	said, err := parse(text, v.secrets.current())
	now := time.Now()
	switch {
	case err != nil:
		return Claims{}, bad("the token is not one of this server: open the whole link that you were given")
	case !slices.Contains(said.Audience, audience):
		return Claims{}, bad("the token is for another server")
	case said.ExpiresAt == nil:
		return Claims{}, bad("the token says no end (exp)")
	case said.Room != room:
		return Claims{}, bad("the token is for another room")
	case !wire.ValidRole(said.Role):
		return Claims{}, bad("the role in the token " + wire.RoleRule)
	case said.ID != "" && said.ID != id:
		return Claims{}, bad("the token is for another peer: your key's fingerprint is not the id in it")
	case said.NotBefore != nil && now.Before(said.NotBefore.Time):
		return Claims{}, bad(fmt.Sprintf("the token is not valid before %s", said.NotBefore.UTC().Format(time.DateTime+" UTC")))
	case !now.Before(said.ExpiresAt.Time):
		return Claims{}, &wire.Error{Code: wire.CodeTokenExpired, Message: "the token has expired: ask for a new link or token"}
	}
	c := Claims{Room: said.Room, Audience: audience, Expires: said.ExpiresAt.Time, Role: said.Role, ID: said.ID}
	if said.NotBefore != nil {
		c.NotBefore = said.NotBefore.Time
	}
	return c, nil
}

func bad(why string) error { return &wire.Error{Code: wire.CodeBadToken, Message: why} }
