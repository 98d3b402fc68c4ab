// Package timing has timers and limits for code that runs on one goroutine. Their
// methods, too, must be called on it; enqueue runs a function there.
package timing

import "time"

// Timer calls a function at some time. The zero value is not set.
type Timer struct{ t *time.Timer }

// IsSet reports whether a call is still to come.
func (t *Timer) IsSet() bool { return t.t != nil }

// Stop gives up the call, if one is to come.
func (t *Timer) Stop() {
	if t.t != nil {
		t.t.Stop()
		t.t = nil
	}
}

// Set enqueues f after d, unless the timer is stopped or set again before.
func (t *Timer) Set(enqueue func(func()), d time.Duration, f func()) {
	t.Stop()
	var this *time.Timer
	this = time.AfterFunc(d, func() {
		enqueue(func() {
			if t.t == this {
				t.t = nil
				f()
			}
		})
	})
	t.t = this
}
