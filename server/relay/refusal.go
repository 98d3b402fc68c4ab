package relay

import (
	"github.com/gorilla/websocket"

	"perfect-negotiation/negotiation/signaling/wire"
)

// The errors that end a connection.
var (
	errBadRoom  = &wire.Error{Code: wire.CodeBadRoom, Message: "the room's name must have 1 to 64 characters of UTF-8 without control characters, and not only spaces: /ws?room=NAME"}
	errBadRole  = &wire.Error{Code: wire.CodeBadRole, Message: "the role must be polite or impolite, or left out"}
	errBadRank  = &wire.Error{Code: wire.CodeBadRank, Message: "the rank must be a whole number from 0 to 1000, or left out"}
	errBadKey   = &wire.Error{Code: wire.CodeBadKey, Message: "the subprotocol pn.key.K must come once at most, and K must have 22 to 64 characters of base64url"}
	errReplaced = &wire.Error{Code: wire.CodeReplaced, Message: "the same key connected again: only the newer connection goes on"}
	errTooLarge = &wire.Error{Code: wire.CodeTooLarge, Message: "a message must have at most 64 KB"}
	errSlow     = &wire.Error{Code: wire.CodeSlow, Message: "you read too slowly: too much was waiting for you"}
	errShutdown = &wire.Error{Code: wire.CodeShutdown, Message: "the relay is shutting down or starting again"}
)

// closeCode is the WebSocket close code that goes with an error. RFC 6455,
// section 7.4; those from 4000 on are ours, after the HTTP status of like
// meaning.
func closeCode(code string) int {
	switch code {
	case wire.CodeTooLarge:
		return websocket.CloseMessageTooBig
	case wire.CodeShutdown:
		return websocket.CloseServiceRestart
	case wire.CodeSlow:
		return 4408
	case wire.CodeRoleTaken, wire.CodeRoomFull:
		return 4409
	case wire.CodeReplaced:
		return 4410
	default:
		return 4400
	}
}
