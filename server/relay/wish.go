package relay

import (
	"net/http"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"perfect-negotiation/negotiation/signaling/wire"
)

const (
	maxRoomName = 64 // characters
	maxRank     = 1000
)

// wish is what a client asks for when it connects: to be this member of this
// room.
type wish struct {
	room   string
	member wire.Member
	dial   dial
}

// dial tells in which order one client has dialled: what it gave up may arrive
// after what it dialled then.
type dial struct {
	client string // empty: it does not say
	number uint64
}

// before tells whether d was dialled before e by the same client.
func (d dial) before(e dial) bool {
	return d.client != "" && d.client == e.client && d.number < e.number
}

// readDial reads what can only help: nonsense counts as absent.
func readDial(text string) dial {
	client, number, _ := strings.Cut(text, ".")
	n, err := strconv.ParseUint(number, 10, 64)
	if err != nil || len(client) > 32 {
		return dial{}
	}
	return dial{client, n}
}

// readWish reads the query and the subprotocols of a request. A parameter that
// is empty counts as absent.
func readWish(req *http.Request) (w wish, refused *wire.Error) {
	query := req.URL.Query()

	w.room = query.Get("room")
	if !ValidRoom(w.room) {
		return w, errBadRoom
	}

	w.member.Role = query.Get("role")
	switch w.member.Role {
	case "", wire.RolePolite, wire.RoleImpolite:
	default:
		return w, errBadRole
	}

	if s := query.Get("rank"); s != "" {
		rank, err := strconv.ParseUint(s, 10, 16)
		if err != nil || rank > maxRank {
			return w, errBadRank
		}
		w.member.Rank = new(int(rank))
	}

	w.dial = readDial(query.Get("dial"))
	w.member.ID, refused = identity(websocket.Subprotocols(req))
	return w, refused
}

// ValidRoom tells whether a room can have the name: 1 to 64 characters of UTF-8
// without control characters, and not only spaces.
func ValidRoom(name string) bool {
	return utf8.RuneCountInString(name) <= maxRoomName &&
		utf8.ValidString(name) &&
		strings.TrimSpace(name) != "" &&
		!strings.ContainsFunc(name, unicode.IsControl)
}
