// Package webapi is what programs of this module need of JavaScript, and pion's JS
// backend lacks: functions that are counted, and promises that can be awaited.
package webapi

import (
	"sync/atomic"

	"github.com/hack-pad/safejs"
)

var live atomic.Int64

// FuncOf returns a JavaScript function that calls f on the event loop: f must not wait.
// Give it to [Release] when nothing calls it any more.
func FuncOf(f func(this safejs.Value, args []safejs.Value) any) (safejs.Func, error) {
	fn, err := safejs.FuncOf(f)
	if err == nil {
		live.Add(1)
	}
	return fn, err
}

// Release frees what FuncOf returned, once.
func Release(fn safejs.Func) {
	live.Add(-1)
	fn.Release()
}

// Live returns how many functions were made and not released, and how many promises are
// awaited. Tests look whether any is left.
func Live() int { return int(live.Load()) + promises.count() }
