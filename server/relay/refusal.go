package relay

import (
	"github.com/gorilla/websocket"

	"perfect-negotiation/negotiation/signaling"
)

// The errors that end a connection.
var (
	errBadRoom  = &signaling.Error{Code: signaling.CodeBadRoom, Message: "the room's name must have 1 to 64 characters of UTF-8 without control characters, and not only spaces: /ws?room=NAME"}
	errBadRole  = &signaling.Error{Code: signaling.CodeBadRole, Message: "the role must be polite or impolite, or left out"}
	errBadRank  = &signaling.Error{Code: signaling.CodeBadRank, Message: "the rank must be a whole number from 0 to 1000, or left out"}
	errBadKey   = &signaling.Error{Code: signaling.CodeBadKey, Message: "the subprotocol pn.key.K must come once at most, and K must have 22 to 64 characters of base64url"}
	errReplaced = &signaling.Error{Code: signaling.CodeReplaced, Message: "the same key connected again: only the newer connection goes on"}
	errTooLarge = &signaling.Error{Code: signaling.CodeTooLarge, Message: "a message must have at most 64 KB"}
	errSlow     = &signaling.Error{Code: signaling.CodeSlow, Message: "you read too slowly: too much was waiting for you"}
	errShutdown = &signaling.Error{Code: signaling.CodeShutdown, Message: "the relay is shutting down or starting again"}
)

// closeCode is the WebSocket close code that goes with an error. RFC 6455,
// section 7.4; those from 4000 on are ours, after the HTTP status of like
// meaning.
func closeCode(code string) int {
	switch code {
	case signaling.CodeTooLarge:
		return websocket.CloseMessageTooBig
	case signaling.CodeShutdown:
		return websocket.CloseServiceRestart
	case signaling.CodeSlow:
		return 4408
	case signaling.CodeRoleTaken, signaling.CodeRoomFull:
		return 4409
	case signaling.CodeReplaced:
		return 4410
	default:
		return 4400
	}
}
