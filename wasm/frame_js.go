package main

import (
	"github.com/hack-pad/safejs"

	"perfect-negotiation/negotiation/webapi"
)

// frame calls draw before the next frame of the page, once for all requests: events come
// faster than frames, and drawing costs more than most of them.
type frame struct {
	d    document
	draw func()
	due  bool
	run  safejs.Func // calls now
}

func newFrame(d document, draw func()) (*frame, error) {
	f := &frame{d: d, draw: draw}
	var err error
	f.run, err = webapi.FuncOf(func(safejs.Value, []safejs.Value) any { // for as long as the page lives
		f.now()
		return nil
	})
	return f, err
}

// request requests the next frame; a hidden tab has none.
func (f *frame) request() {
	if f.due {
		return
	}
	f.due = true
	if (element{f.d.root}).is("hidden") {
		_, _ = safejs.Global().Call("setTimeout", f.run)
	} else {
		_, _ = safejs.Global().Call("requestAnimationFrame", f.run)
	}
}

// now draws. Call it also when the tab becomes hidden: the requested frame comes only
// when it is visible again.
func (f *frame) now() {
	f.due = false
	f.draw()
}
