package timing

import "time"

// Allowance limits how often the other side may ask for something: once in a while,
// plus a burst. Requests beyond that are merged into one, which is granted when it is
// due.
type Allowance struct {
	Apart time.Duration // between two requests
	Burst int

	due   time.Time // when all granted requests would be done, apart from each other
	later Timer     // set: a request waits until it is due
}

// Grant reports whether a request may be met now. If not, ask is enqueued when it may.
func (a *Allowance) Grant(enqueue func(func()), ask func()) bool {
	ahead := max(0, time.Until(a.due))
	wait := ahead - time.Duration(a.Burst-1)*a.Apart
	switch {
	case a.later.IsSet():
		return false
	case wait > 0:
		a.later.Set(enqueue, wait, ask)
		return false
	}
	a.due = time.Now().Add(ahead + a.Apart)
	return true
}

// Stop gives up the request that waits.
func (a *Allowance) Stop() { a.later.Stop() }
