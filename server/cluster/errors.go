package cluster

import (
	"net/http"
	"time"

	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/server/relay"
)

const away = "this node of the relay is cut off from the others, so it opens no rooms: try again in a moment"

// errUnavailable is what a client is told that wants to enter a room of which nobody
// knows where it lives.
var errUnavailable = &wire.Error{Code: wire.CodeUnavailable, Message: away}

var refuseUnavailable = &relay.Refusal{Status: http.StatusServiceUnavailable, Retry: time.Second, Message: away}

// lostPerSecond is how many clients of a link that broke are told to come back a second.
const lostPerSecond = 500

// errLost is what the nth client is told whose room is out of reach.
func errLost(n int) *wire.Error {
	return &wire.Error{
		Code:       wire.CodeShutdown,
		Message:    "the node of the relay on which this room lives is out of reach",
		RetryAfter: float64(n*1000/lostPerSecond) / 1000,
	}
}
