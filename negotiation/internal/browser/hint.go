package browser

import (
	"strconv"
	"sync/atomic"

	"perfect-negotiation/negotiation/internal/held"
)

// Hint counts how often a browser fired negotiationneeded. A browser fires only
// in stable and not again before the next exchange, after which it fires anew if
// an offer is still needed. So what is wanted is the last firing: if the last
// exchange began after it, nothing is.
// https://www.w3.org/TR/webrtc/#dfn-update-the-negotiation-needed-flag
type Hint struct{ Count atomic.Int32 }

// Fired is told of negotiationneeded, from any goroutine.
func (h *Hint) Fired() { h.Count.Add(1) }

// Wants implements [held.Connection].
func (h *Hint) Wants() []held.Want {
	n := h.Count.Load()
	if n == 0 {
		return nil
	}
	return []held.Want{{What: "negotiationneeded " + strconv.Itoa(int(n))}}
}
