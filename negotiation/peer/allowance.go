package peer

import "time"

// allowance limits how often the other side may ask for something: once in a while,
// plus a burst. Requests beyond that are merged into one, which is granted when it is
// due.
type allowance struct {
	apart time.Duration // between two requests
	burst int
	due   time.Time // when all granted requests would be done, apart from each other
	later timer     // set: a request waits until it is due
}

// grant reports whether a request may be met now. If not, ask is called when it may.
func (a *allowance) grant(p *Peer, ask func()) bool {
	ahead := max(0, time.Until(a.due))
	wait := ahead - time.Duration(a.burst-1)*a.apart
	switch {
	case a.later.isSet():
		return false
	case wait > 0:
		a.later.set(p, wait, ask)
		return false
	}
	a.due = time.Now().Add(ahead + a.apart)
	return true
}

func (a *allowance) stop() { a.later.stop() }
