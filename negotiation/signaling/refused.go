package signaling

import (
	"strconv"
	"strings"

	"perfect-negotiation/negotiation/signaling/wire"
)

// refusedBefore is the error of a relay that has refused a WebSocket with this response,
// because it or our address has too many; nil: the response is another one. retry is its
// header Retry-After, which the relay gives in seconds.
func refusedBefore(status int, retry, body string) *wire.Error {
	const tooManyRequests, serviceUnavailable = 429, 503
	seconds, err := strconv.ParseUint(retry, 10, 31)
	if status != tooManyRequests && status != serviceUnavailable || err != nil {
		return nil
	}
	return &wire.Error{Code: wire.CodeBusy, Message: strings.TrimSpace(body), RetryAfter: float64(seconds)}
}
