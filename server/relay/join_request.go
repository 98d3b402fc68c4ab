package relay

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/gorilla/websocket"

	"perfect-negotiation/negotiation/signaling/wire"
)

// joinRequest is what a client asks for when it connects: to be this member of this
// room.
type joinRequest struct {
	room   string
	member wire.Member
	dial   dial
	spoken int // its protocol number
	grant  Grant
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

// String returns d as readDial reads it.
func (d dial) String() string { return d.client + "." + strconv.FormatUint(d.number, 10) }

// readDial reads a parameter that can only help: nonsense counts as absent.
func readDial(text string) dial {
	client, number, _ := strings.Cut(text, ".")
	n, err := strconv.ParseUint(number, 10, 64)
	if err != nil || len(client) > wire.MaxDialName {
		return dial{}
	}
	return dial{client, n}
}

// readJoinRequest reads the query and the subprotocols of a request. An empty
// parameter counts as absent.
func readJoinRequest(req *http.Request) (j joinRequest, refused *wire.Error) {
	query := req.URL.Query()

	if j.spoken = wire.ParseProtocol(query.Get("protocol")); j.spoken < wire.MinProtocol {
		return j, errBadProtocol(j.spoken)
	}

	j.room = query.Get("room")
	if !wire.ValidRoom(j.room) {
		return j, errBadRoom
	}

	var ok bool
	if j.member.Role, ok = wire.ParseRole(query.Get("role")); !ok {
		return j, errBadRole
	}

	if s := query.Get("rank"); s != "" {
		rank, ok := wire.ParseRank(s)
		if !ok {
			return j, errBadRank
		}
		j.member.Rank = &rank
	}

	j.dial = readDial(query.Get("dial"))
	j.member.ID, refused = idOf(websocket.Subprotocols(req))
	return j, refused
}
