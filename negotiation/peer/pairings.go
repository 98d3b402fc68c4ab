package peer

import (
	"maps"
	"time"
)

// Limits on new pairings. Each costs a connection, and a peer may come with a new
// identity every time.
const (
	pairingsApart  = time.Second            // with one peer
	pairingsEvery  = 250 * time.Millisecond // with all
	pairingsAtOnce = 8
	hereFor        = time.Second // newer peers than this wait while too many want a pairing
	pressedFor     = 2 * time.Second
)

// pairings tracks recent pairings.
type pairings struct {
	last    map[string]time.Time // start of the last pairing with each peer, even if it failed
	due     time.Time            // when all would have begun, pairingsEvery
	pressed time.Time            // when a peer last had to wait because there were too many
}

// full reports whether pairingsAtOnce have begun.
func (p *pairings) full() bool { return time.Until(p.due) > (pairingsAtOnce-1)*pairingsEvery }

// may reports whether a pairing may begin now. If too many peers want one, those that
// do not stay get none.
func (p *pairings) may(r *remote) bool {
	late := time.Since(p.pressed) < pressedFor && time.Since(r.met) < hereFor
	return !p.full() && !late && time.Since(p.last[r.id]) >= pairingsApart
}

// refused is called when a pairing may not begin now, and will be tried again.
func (p *pairings) refused() {
	if p.full() || time.Since(p.pressed) < pressedFor {
		p.pressed = time.Now()
	}
}

func (p *pairings) begun(r *remote) {
	maps.DeleteFunc(p.last, func(_ string, t time.Time) bool { return time.Since(t) >= pairingsApart })
	p.last[r.id] = time.Now()
	if p.due.Before(time.Now()) {
		p.due = time.Now()
	}
	p.due = p.due.Add(pairingsEvery)
}
