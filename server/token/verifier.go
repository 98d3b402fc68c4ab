package token

import (
	"fmt"
	"slices"
	"time"

	"perfect-negotiation/negotiation/signaling/wire"
)

// Grace is how long after its end a token still lets in who was in already.
const Grace = 24 * time.Hour

// Verifier verifies the tokens of clients. Its methods may be called from any goroutine.
type Verifier struct {
	secrets  *Secrets
	audience string
	members  members
}

// NewVerifier returns a verifier of tokens that the secrets have signed, for a server
// with this audience.
func NewVerifier(secrets *Secrets, audience string) *Verifier {
	return &Verifier{secrets: secrets, audience: audience}
}

// Verify returns what a token says that a client with this id shows, to enter a room.
// The error, if it does not let it in, is for the client: bad-token, or token-expired
// where a newer one will do.
//
// A client that was let in may come back, with the same id, for 24 h after its token
// has ended, as long as the Verifier lives.
func (v *Verifier) Verify(text, room, id string) (Claims, error) {
	if text == "" {
		return Claims{}, bad("this server wants a token: open the whole link that you were given, or give the peer its token")
	}
	said, err := parse(text, v.secrets.current())
	now := time.Now()
	switch {
	case err != nil:
		return Claims{}, bad("the token is not one of this server: open the whole link that you were given")
	case !slices.Contains(said.Audience, v.audience):
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
	}
	last := said.ExpiresAt.Add(Grace)
	if !now.Before(said.ExpiresAt.Time) && (!now.Before(last) || !v.members.has(room, id, now)) {
		return Claims{}, &wire.Error{Code: wire.CodeTokenExpired, Message: "the token has expired: ask for a new link or token"}
	}
	v.members.add(room, id, last, now)
	c := Claims{Room: said.Room, Audience: v.audience, Expires: said.ExpiresAt.Time, Role: said.Role, ID: said.ID}
	if said.NotBefore != nil {
		c.NotBefore = said.NotBefore.Time
	}
	return c, nil
}

func bad(why string) error { return &wire.Error{Code: wire.CodeBadToken, Message: why} }
