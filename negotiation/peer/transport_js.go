package peer

import (
	"github.com/hack-pad/safejs"
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/webapi"
)

// watchTransport notices that the other side ends DTLS: a browser's connection remains
// connected then. There is something to watch when the connection is connected.
func (p *pairing) watchTransport() {
	transports := dtlsTransports(p.pc)
	if p.unwatch != nil || len(transports) == 0 {
		return
	}
	enqueue, pc := p.remote.peer.enqueue, p.pc
	watched := transports[0] // with BUNDLE all are the same
	look := func() {
		for _, t := range dtlsTransports(pc) { // the connection may have moved to another one
			if textOf(t, "state") != "closed" {
				return
			}
		}
		enqueue(func() { p.stateChanged(webrtc.PeerConnectionStateClosed) })
	}
	fn, err := webapi.FuncOf(func(safejs.Value, []safejs.Value) any {
		look()
		return nil
	})
	if err != nil {
		return
	}
	_, _ = watched.Call("addEventListener", "statechange", fn)
	look() // it may have ended meanwhile
	p.unwatch = func() {
		_, _ = watched.Call("removeEventListener", "statechange", fn)
		webapi.Release(fn)
	}
}

// dtlsTransports returns the RTCDtlsTransports of data and of what is received.
// https://www.w3.org/TR/webrtc/#rtcdtlstransport-interface
func dtlsTransports(pc *webrtc.PeerConnection) (list []safejs.Value) {
	add := func(of safejs.Value) {
		if transport, err := of.Get("transport"); err == nil && transport.Type() == safejs.TypeObject {
			list = append(list, transport)
		}
	}
	js := safejs.Safe(pc.JSValue())
	if sctp, err := js.Get("sctp"); err == nil && sctp.Type() == safejs.TypeObject {
		add(sctp)
	}
	receivers, err := js.Call("getReceivers")
	if err != nil {
		return list
	}
	n, _ := receivers.Length()
	for i := range n {
		if receiver, err := receivers.Index(i); err == nil {
			add(receiver)
		}
	}
	return list
}

// textOf returns a property that is text.
func textOf(object safejs.Value, property string) string {
	value, err := object.Get(property)
	if err != nil {
		return ""
	}
	text, _ := value.String()
	return text
}
