package wire

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of the names of clients and rooms.
const (
	MaxRoom     = 64   // characters of a room's name
	MaxRank     = 1000 // the highest; of two peers the one with the higher rank is polite
	MinKey      = 22   // characters of a key: 128 bits
	MaxKey      = 64   // characters of a key
	MaxDialName = 32   // bytes of the name that a client gives its dials
	MaxToken    = 4096 // characters of a token, or of a ticket
)

// The rules, each a predicate that completes a sentence: "the room's name " +
// RoomRule.
const (
	RoomRule = "must have 1 to 64 characters of UTF-8, no control characters, and not only spaces"
	RoleRule = "must be polite or impolite"
	RankRule = "must be a whole number from 0 to 1000"
	KeyRule  = "must have 22 to 64 characters of base64url (A-Z a-z 0-9 - _)"

	// TokenRule is that of tickets, too.
	TokenRule = "must have 1 to 4096 characters of base64url and dots"
)

// Subprotocol is the WebSocket subprotocol that the relay selects. KeyPrefix
// begins the one that carries the client's key, TokenPrefix the one with its token,
// TicketPrefix the one with the ticket that the relay gave it.
const (
	Subprotocol  = "pn"
	KeyPrefix    = "pn.key."
	TokenPrefix  = "pn.token."
	TicketPrefix = "pn.ticket."
)

// Role says what a peer does when offers collide. Exactly one of two is polite.
type Role string

// The roles. Empty means that none is stated.
const (
	Polite   Role = "polite"   // rolls its own offer back
	Impolite Role = "impolite" // ignores the other side's offer
)

// ParseRole parses a role, which may be empty. ok is false if it breaks
// [RoleRule].
func ParseRole(text string) (role Role, ok bool) {
	return Role(text), ValidRole(Role(text))
}

// ValidRole reports whether a role obeys [RoleRule] or is empty.
func ValidRole(role Role) bool { return role == "" || role == Polite || role == Impolite }

// ParseRank parses a rank. ok is false if it breaks [RankRule].
func ParseRank(text string) (rank int, ok bool) {
	n, err := strconv.ParseUint(text, 10, 16)
	return int(n), err == nil && ValidRank(int(n))
}

// ValidRank reports whether a rank obeys [RankRule].
func ValidRank(rank int) bool { return 0 <= rank && rank <= MaxRank }

// ValidRoom reports whether the name of a room obeys [RoomRule].
func ValidRoom(name string) bool {
	return utf8.RuneCountInString(name) <= MaxRoom &&
		utf8.ValidString(name) &&
		strings.TrimSpace(name) != "" &&
		!strings.ContainsFunc(name, unicode.IsControl)
}

// ValidKey reports whether a key obeys [KeyRule].
func ValidKey(key string) bool {
	return MinKey <= len(key) && len(key) <= MaxKey && base64URL(key)
}

// ValidToken reports whether a token or a ticket obeys [TokenRule].
func ValidToken(token string) bool {
	return 1 <= len(token) && len(token) <= MaxToken && base64URL(strings.ReplaceAll(token, ".", ""))
}

func base64URL(text string) bool {
	for _, c := range []byte(text) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return true
}
