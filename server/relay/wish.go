package relay

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/gorilla/websocket"

	"perfect-negotiation/negotiation/signaling/wire"
)

// wish is what a client asks for when it connects: to be this member of this
// room.
type wish struct {
	room   string
	member wire.Member
	dial   dial
	spoken int // its protocol number
}

// dial gives the order of one client's dials: one that it gave up may arrive
// after the next.
type dial struct {
	client string // empty: it does not say
	number uint64
}

// before reports whether d was dialled before e by the same client.
func (d dial) before(e dial) bool {
	return d.client != "" && d.client == e.client && d.number < e.number
}

// readDial reads a parameter that can only help: nonsense counts as absent.
func readDial(text string) dial {
	client, number, _ := strings.Cut(text, ".")
	n, err := strconv.ParseUint(number, 10, 64)
	if err != nil || len(client) > wire.MaxDialName {
		return dial{}
	}
	return dial{client, n}
}

// readWish reads the query and the subprotocols of a request. An empty
// parameter counts as absent.
func readWish(req *http.Request) (w wish, refused *wire.Error) {
	query := req.URL.Query()

	if w.spoken = wire.ParseProtocol(query.Get("protocol")); w.spoken < wire.MinProtocol {
		return w, errBadProtocol(w.spoken)
	}

	w.room = query.Get("room")
	if !wire.ValidRoom(w.room) {
		return w, errBadRoom
	}

	var ok bool
	if w.member.Role, ok = wire.ParseRole(query.Get("role")); !ok {
		return w, errBadRole
	}

	if s := query.Get("rank"); s != "" {
		rank, ok := wire.ParseRank(s)
		if !ok {
			return w, errBadRank
		}
		w.member.Rank = &rank
	}

	w.dial = readDial(query.Get("dial"))
	w.member.ID, refused = identity(websocket.Subprotocols(req))
	return w, refused
}
