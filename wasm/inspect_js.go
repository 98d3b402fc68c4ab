package main

import (
	"github.com/hack-pad/safejs"
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/trace"
	"perfect-negotiation/negotiation/webapi"
)

// maxBatch bounds what waits for a frame: a frame may be long in coming.
const maxBatch = 1 << 20 // bytes

// inspector gives the lines of the trace to globalThis.inspector, at most once a frame.
// boot.js puts one there that keeps them until the page's inspector is loaded. There it
// finds the connection of each pairing, too, whose statistics it reads.
type inspector struct {
	d     document
	batch []byte // lines, a newline between them
	due   bool   // a call is on its way
	flush safejs.Func
}

func newInspector(d document) (*inspector, error) {
	i := &inspector{d: d}
	var err error
	i.flush, err = webapi.FuncOf(func(safejs.Value, []safejs.Value) any { // for as long as the page lives
		i.due = false
		i.give()
		return nil
	})
	return i, err
}

func (i *inspector) add(l trace.Line) {
	if len(i.batch) > 0 {
		i.batch = append(i.batch, '\n')
	}
	if i.batch = l.Append(i.batch); len(i.batch) > maxBatch {
		i.give()
	}
	if !i.due {
		i.due = true
		i.schedule()
	}
}

// schedule asks for the next frame; a hidden tab has none.
func (i *inspector) schedule() {
	if (element{i.d.root}).is("hidden") {
		_, _ = safejs.Global().Call("setTimeout", i.flush)
	} else {
		_, _ = safejs.Global().Call("requestAnimationFrame", i.flush)
	}
}

// give gives what waits. Call it, too, when the tab is hidden: a frame that was asked for
// comes when it is shown again.
func (i *inspector) give() {
	if len(i.batch) == 0 {
		return
	}
	if to, err := global("inspector"); err == nil {
		_, _ = to.Call("add", string(i.batch))
	}
	i.batch = i.batch[:0]
}

// paired gives the connection of a pairing.
func (i *inspector) paired(peer string, pc *webrtc.PeerConnection) {
	if connections, err := global("inspector", "connections"); err == nil {
		_, _ = connections.Call("set", peer, safejs.Safe(pc.JSValue()))
	}
}

// unpaired takes it back.
func (i *inspector) unpaired(peer string) {
	if connections, err := global("inspector", "connections"); err == nil {
		_, _ = connections.Call("delete", peer)
	}
}
