package main

import (
	"time"

	"github.com/hack-pad/safejs"

	"perfect-negotiation/negotiation/webapi"
)

// drawDelay keeps drawing out of the way of a negotiation, which takes less.
const drawDelay = 60 * time.Millisecond

// frame calls draw in a frame of the page, once for all requests: events come faster than
// frames, and drawing costs more than most of them.
type frame struct {
	d     document
	draw  func()
	due   *time.Timer // nil: it is not requested
	draws safejs.Func // calls now
}

func newFrame(d document, draw func()) (*frame, error) {
	f := &frame{d: d, draw: draw}
	var err error
	f.draws, err = webapi.FuncOf(func(safejs.Value, []safejs.Value) any { // for as long as the page lives
		f.now()
		return nil
	})
	return f, err
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
	f.draw()
}
