package peer

import (
	"time"

	"perfect-negotiation/negotiation/internal/timing"
)

// timer calls a function on the Peer's goroutine at some time. The zero value
// is not set.
type timer struct{ t timing.Timer }

func (t *timer) isSet() bool { return t.t.IsSet() }

func (t *timer) stop() { t.t.Stop() }

// set calls f on the goroutine of p after d, unless the timer is stopped or set
// again before.
func (t *timer) set(p *Peer, d time.Duration, f func()) { t.t.Set(p.enqueue, d, f) }
