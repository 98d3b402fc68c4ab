// Package token issues the room tokens that let clients into a relay, and verifies them:
// JSON Web Tokens (RFC 7519), signed with HMAC and SHA-256 (HS256, RFC 7518, section
// 3.2). Other programs that know the secret can issue them, too.
//
//	claim   meaning
//	room    the room's name; required
//	aud     the server, or a list in which it is; required
//	exp     when it ends, in seconds since 1970; required
//	nbf     when it begins
//	role    the role of who shows it, polite or impolite; absent: none
//	id      the id of the only client that may show it: the fingerprint of its key, which
//	        it has to prove as always
package token

import (
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"perfect-negotiation/negotiation/signaling/wire"
)

// Audience is the usual one of a server.
const Audience = "perfect-negotiation"

// Claims are what a token says.
type Claims struct {
	Room      string
	Audience  string
	Expires   time.Time // to the second
	NotBefore time.Time // zero: valid at once
	Role      wire.Role // empty: none
	ID        string    // empty: anybody's
}

// claims are [Claims] as a token has them.
type claims struct {
	Room string    `json:"room"`
	Role wire.Role `json:"role,omitempty"`
	ID   string    `json:"id,omitempty"`
	jwt.RegisteredClaims
}

// Issue returns a token that says so, signed with the first secret.
func (s *Secrets) Issue(c Claims) (string, error) {
	switch {
	case !wire.ValidRoom(c.Room):
		return "", fmt.Errorf("token: the room's name %s, not %q", wire.RoomRule, c.Room)
	case !wire.ValidRole(c.Role):
		return "", fmt.Errorf("token: the role %s, not %q", wire.RoleRule, c.Role)
	}
	said := claims{Room: c.Room, Role: c.Role, ID: c.ID, RegisteredClaims: jwt.RegisteredClaims{
		Audience:  jwt.ClaimStrings{c.Audience},
		ExpiresAt: jwt.NewNumericDate(c.Expires),
	}}
	if !c.NotBefore.IsZero() {
		said.NotBefore = jwt.NewNumericDate(c.NotBefore)
	}
	return jwt.NewWithClaims(jwt.SigningMethodHS256, said).SignedString(s.current()[0])
}

// parse returns what a token says that one of the secrets has signed.
func parse(text string, secrets [][]byte) (claims, error) {
	keys := jwt.VerificationKeySet{}
	for _, secret := range secrets {
		keys.Keys = append(keys.Keys, secret)
	}
	var said claims
	parsed, err := jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithStrictDecoding(),
		jwt.WithoutClaimsValidation(), // the Verifier does that
	).ParseWithClaims(text, &said, func(*jwt.Token) (any, error) { return keys, nil })
	if err == nil && parsed.Header["crit"] != nil { // RFC 7515, section 4.1.11
		err = jwt.ErrTokenUnverifiable
	}
	return said, err
}
