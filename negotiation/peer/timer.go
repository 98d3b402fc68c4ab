package peer

import "time"

// timer calls a function on the Peer's goroutine at some time. The zero value
// is not set.
type timer struct{ t *time.Timer }

func (t *timer) isSet() bool { return t.t != nil }

func (t *timer) stop() {
	if t.t != nil {
		t.t.Stop()
		t.t = nil
	}
}

// set calls f on the goroutine of p after d, unless the timer is stopped or set
// again before.
func (t *timer) set(p *Peer, d time.Duration, f func()) {
	t.stop()
	var this *time.Timer
	this = time.AfterFunc(d, func() {
		p.enqueue(func() {
			if t.t == this {
				t.t = nil
				f()
			}
		})
	})
	t.t = this
}
