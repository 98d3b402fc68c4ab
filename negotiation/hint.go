package negotiation

import (
	"strconv"
	"sync/atomic"
)

// hint counts how often a browser fired negotiationneeded. A browser fires only
// in stable and not again before the next exchange, after which it fires anew if
// an offer is still needed. So what is wanted is the last firing: if the last
// exchange began after it, nothing is.
// https://www.w3.org/TR/webrtc/#dfn-update-the-negotiation-needed-flag
type hint struct{ count atomic.Int32 }

// fired is told of negotiationneeded, from any goroutine.
func (h *hint) fired() { h.count.Add(1) }

// Wants implements [committed].
func (h *hint) Wants() []want {
	n := h.count.Load()
	if n == 0 {
		return nil
	}
	return []want{{what: "negotiationneeded " + strconv.Itoa(int(n))}}
}
