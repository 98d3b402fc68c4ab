package peer

import "time"

// allowance is how often the other side may ask for something: once in a while, with a
// burst. What it asks for beyond that is done when it may be, once.
type allowance struct {
	apart time.Duration // between two
	burst int
	due   time.Time // when all that were granted would be done, apart from each other
	later timer     // set: more was asked for than may be done at once
}

// grant reports whether one more may be done now. If not, ask is called when it may be.
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
