package browser

import (
	"strconv"
	"sync/atomic"

	"perfect-negotiation/negotiation/internal/held"
)

// Hint counts negotiationneeded events of a browser. A browser fires only in stable,
// and again only after the next exchange if an offer is still needed. So an offer is
// needed if the event fired since the last exchange began.
// https://www.w3.org/TR/webrtc/#dfn-update-the-negotiation-needed-flag
type Hint struct{ Count atomic.Int32 }

// Fired is called for each negotiationneeded event, from any goroutine.
func (h *Hint) Fired() { h.Count.Add(1) }

// Wants implements [held.Connection].
func (h *Hint) Wants() []held.Want {
	n := h.Count.Load()
	if n == 0 {
		return nil
	}
	return []held.Want{{What: "negotiationneeded " + strconv.Itoa(int(n))}}
}
