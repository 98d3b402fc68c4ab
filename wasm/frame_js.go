package main

import (
	"time"

	"github.com/hack-pad/safejs"

	"perfect-negotiation/negotiation/webapi"
)

const (
	drawDelay = 60 * time.Millisecond // a negotiation takes less, and nothing is drawn meanwhile
	maxLater  = 1000                  // calls that wait for a frame, which may take long
)

// frame calls draw in a frame of the page, once for all requests: events come faster than
// frames, and drawing costs more than most of them.
type frame struct {
	d     document
	later []func() // called before draw
	draw  func()
	due   *time.Timer // nil: it is not requested
	draws safejs.Func // calls now
}

// newFrame also makes globalThis.drawNow, for what needs all that has happened: to save
// the trace.
func newFrame(d document, draw func()) (*frame, error) {
	f := &frame{d: d, draw: draw}
	var err error
	f.draws, err = webapi.FuncOf(func(safejs.Value, []safejs.Value) any { // for as long as the page lives
		f.now()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return f, safejs.Global().Set("drawNow", f.draws)
}

// do calls g in the next frame.
func (f *frame) do(g func()) {
	f.later = append(f.later, g)
	if len(f.later) == maxLater {
		f.now()
	}
	f.request()
}

// request requests a frame; a hidden tab has none.
func (f *frame) request() {
	if f.due != nil {
		return
	}
	f.due = time.AfterFunc(drawDelay, func() {
		if (element{f.d.root}).is("hidden") {
			f.now()
		} else {
			_, _ = safejs.Global().Call("requestAnimationFrame", f.draws)
		}
	})
}

// now draws. Call it also when the tab becomes hidden: the requested frame comes only
// when it is visible again.
func (f *frame) now() {
	if f.due != nil {
		f.due.Stop()
		f.due = nil
	}
	later := f.later
	f.later = nil
	for _, g := range later {
		g()
	}
	f.draw()
}
