package main

import (
	"github.com/hack-pad/safejs"
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/trace"
)

// maxBatch bounds the lines that wait for a frame, which may take long.
const maxBatch = 1 << 20 // bytes

// inspector passes the lines of the trace to globalThis.inspector, once a frame. boot.js
// installs one that keeps them until the page's inspector has loaded. It also gets the
// connection of each pairing, whose statistics it reads.
type inspector struct {
	batch []byte // lines, a newline between them
}

func (i *inspector) add(l trace.Line) {
	i.begin()
	i.batch = l.Append(i.batch)
	i.end()
}

// record gives what came into a negotiation: with it a file that is saved can be replayed.
func (i *inspector) record(in trace.Input) {
	i.begin()
	i.batch = in.Append(i.batch)
	i.end()
}

func (i *inspector) begin() {
	if len(i.batch) > 0 {
		i.batch = append(i.batch, '\n')
	}
}

func (i *inspector) end() {
	if len(i.batch) > maxBatch {
		i.give()
	}
}

// give passes on the waiting lines.
func (i *inspector) give() {
	if len(i.batch) == 0 {
		return
	}
	if to, err := global("inspector"); err == nil {
		_, _ = to.Call("add", string(i.batch))
	}
	i.batch = i.batch[:0]
}

// paired passes on the connection of a pairing.
func (i *inspector) paired(peer string, pc *webrtc.PeerConnection) {
	if connections, err := global("inspector", "connections"); err == nil {
		_, _ = connections.Call("set", peer, safejs.Safe(pc.JSValue()))
	}
}

// unpaired withdraws it.
func (i *inspector) unpaired(peer string) {
	if connections, err := global("inspector", "connections"); err == nil {
		_, _ = connections.Call("delete", peer)
	}
}
