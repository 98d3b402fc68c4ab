package peer

import (
	"maps"
	"time"
)

// How often a pairing begins. Each costs a connection, and a peer can come as somebody
// else each time.
const (
	pairingsApart  = time.Second            // with one peer
	pairingsEvery  = 250 * time.Millisecond // with all
	pairingsAtOnce = 8
	hereFor        = time.Second // a peer comes before those that are here for less
	pressedFor     = 2 * time.Second
)

// pairings are those of the last moments.
type pairings struct {
	last    map[string]time.Time // when the last with each peer began, whatever became of it
	due     time.Time            // when all would have begun, pairingsEvery
	pressed time.Time            // when somebody had to wait last, as there were too many
}

// full reports whether pairingsAtOnce have begun.
func (p *pairings) full() bool { return time.Until(p.due) > (pairingsAtOnce-1)*pairingsEvery }

// may reports whether a pairing may begin now. Where too many want one, those who do
// not stay have none.
func (p *pairings) may(r *remote) bool {
	late := time.Since(p.pressed) < pressedFor && time.Since(r.met) < hereFor
	return !p.full() && !late && time.Since(p.last[r.id]) >= pairingsApart
}

// refused is called when one may not begin, and will be tried again.
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
