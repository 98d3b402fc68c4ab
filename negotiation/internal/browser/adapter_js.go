package browser

import (
	"errors"
	"fmt"

	"github.com/hack-pad/safejs"
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/held"
	"perfect-negotiation/negotiation/webapi"
)

// Adapt gives a browser's RTCPeerConnection held offers, as natively. A browser can
// roll back, but Chromium (156) loses data channels, header extensions and networks
// doing so.
func Adapt(pc *webrtc.PeerConnection, polite bool, to held.Hooks) (*Adapter, error) {
	b := &Connection{
		signalingState: pc.SignalingState,
		currentLocal:   pc.CurrentLocalDescription,
		currentRemote:  pc.CurrentRemoteDescription,
		js:             safejs.Safe(pc.JSValue()),
		to:             to,
	}
	b.look()
	h := held.New(held.Recorded(b, true, to.Record), polite, true)
	h.Admit, h.LeftOut = to.Admit, to.LeftOut
	err := errors.Join(
		b.listen("signalingstatechange", func(safejs.Value) { b.look() }),
		h.Adopt(b.past()),
		b.listen("negotiationneeded", func(safejs.Value) {
			b.Fired()
			to.Recheck()
		}),
		b.listen("icecandidate", b.localCandidate),
	)
	if err != nil {
		b.detach()
		return nil, fmt.Errorf("negotiation: attach to the RTCPeerConnection: %w", err)
	}
	return &Adapter{h, b}, nil
}

// Adapter is the negotiation.PeerConnection of a Session over a browser's.
type Adapter struct {
	*held.PeerConnection
	Connection *Connection
}

// Needed reports whether an offer is needed. If a transceiver is stopped before its
// first offer, Chromium (156) fires negotiationneeded forever, and then not for later
// changes. So after an offer that said nothing new, compare descriptions instead.
func (a *Adapter) Needed() bool {
	if a.Connection.vain && !a.Restart && a.SignalingState() == webrtc.SignalingStateStable {
		if !a.Connection.differsNow() {
			return false
		}
		a.Connection.Fired()
	}
	return a.PeerConnection.Needed()
}

// Flush waits for a round trip to the source of negotiationneeded events: those that
// were due have fired when it returns.
func (a *Adapter) Flush() {
	_, _ = a.Connection.await("getStats")
	a.Connection.look()
}

// Detach removes the Session's handlers.
func (a *Adapter) Detach() { a.Connection.detach() }

func (b *Connection) listen(event string, f func(safejs.Value)) error {
	fn, err := webapi.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		f(args[0])
		return nil
	})
	if err != nil {
		return err
	}
	b.listeners = append(b.listeners, listener{event, fn})
	_, err = b.js.Call("addEventListener", event, fn)
	return err
}

func (b *Connection) detach() {
	for _, l := range b.listeners {
		_, _ = b.js.Call("removeEventListener", l.event, l.fn)
		webapi.Release(l.fn)
	}
	b.listeners = nil
}

type listener struct {
	event string
	fn    safejs.Func
}

// localCandidate reports a candidate of ours, with the fields that pion's ToJSON loses.
func (b *Connection) localCandidate(event safejs.Value) {
	candidate, err := event.Get("candidate")
	if err != nil {
		return
	}
	if candidate.IsNull() || candidate.IsUndefined() {
		b.to.Enqueue(func() { b.to.Candidate(nil) })
		return
	}
	if init, err := candidateOf(candidate); err == nil {
		b.to.Enqueue(func() { b.to.Candidate(init) })
	}
}
