package relay

import (
	"fmt"

	"perfect-negotiation/negotiation/signaling/wire"
)

// The errors that end a connection.
var (
	errBadRoom   = &wire.Error{Code: wire.CodeBadRoom, Message: "the room's name " + wire.RoomRule + ": /ws?room=NAME"}
	errBadRole   = &wire.Error{Code: wire.CodeBadRole, Message: "the role " + wire.RoleRule + ", or left out"}
	errBadRank   = &wire.Error{Code: wire.CodeBadRank, Message: "the rank " + wire.RankRule + ", or left out"}
	errBadKey    = &wire.Error{Code: wire.CodeBadKey, Message: "the subprotocol pn.key.K must come once at most, and K " + wire.KeyRule}
	errReplaced  = &wire.Error{Code: wire.CodeReplaced, Message: "the same key connected again: only the newer connection goes on"}
	errTooLarge  = &wire.Error{Code: wire.CodeTooLarge, Message: "a message must have at most 64 KB"}
	errNotYours  = &wire.Error{Code: wire.CodeBadRole, Message: "you may not have the role that you ask for: leave it out, or bring a token that gives it"}
	errForbidden = &wire.Error{Code: wire.CodeForbidden, Message: "you may not enter this room"}
	errSlow      = &wire.Error{Code: wire.CodeSlow, Message: "you read too slowly: too much was waiting for you"}
)

// errMoved ends the clients of a room that lives on another node by now.
var errMoved = &wire.Error{Code: wire.CodeShutdown, Message: "the room lives on another node of the relay by now: come back"}

func errBusy(why string) *wire.Error {
	return &wire.Error{Code: wire.CodeBusy, Message: why}
}

// errShutdown is what the nth client is told, from 0, when perSecond of them are to come
// back a second.
func errShutdown(n, perSecond int) *wire.Error {
	return &wire.Error{
		Code:       wire.CodeShutdown,
		Message:    "the relay is shutting down or starting again",
		RetryAfter: float64(n*1000/perSecond) / 1000,
	}
}

func errBadProtocol(spoken int) *wire.Error {
	return &wire.Error{Code: wire.CodeBadProtocol, Message: fmt.Sprintf(
		"you speak protocol %d, and at least %d is needed here: reload the page, or update the program", spoken, wire.MinProtocol)}
}
