//go:build !js

package peer

import (
	"testing"
	"time"

	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/negotiation/trace"
)

// speaks has all greetings of one peer state a protocol.
func (w *world) speaks(id string, protocol int) {
	w.on(func(from, _ string, e *signaling.Envelope) bool {
		if e.Hello != nil && from == id {
			e.Hello.Protocol = protocol
		}
		return true
	})
}

// A peer that speaks a newer protocol is paired, and the trace notes it once.
func TestTheOtherSideIsNewer(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.speaks("b", wire.Protocol+98)
		a, b := w.connected()
		w.talk(a, b)
		if a.count(trace.ProtocolNewer) != 1 || b.count(trace.ProtocolNewer) != 0 {
			t.Errorf("a:\n%s\nb:\n%s", a.log(), b.log())
		}
	})
}

// A peer that speaks too old a protocol is not paired, by either side, until it comes
// again and speaks another.
func TestTheOtherSideIsTooOld(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.speaks("b", wire.MinProtocol-1)
		a, b := w.peer("a"), w.peer("b")
		a.await("it is refused", func() bool { return a.count(trace.PeerNotPaired) > 0 })
		time.Sleep(time.Minute)
		if a.count(trace.PeerNotPaired) != 1 || a.codes(trace.PeerNotPaired)[0] != wire.CodeBadProtocol {
			t.Errorf("it is refused %q:\n%s", a.codes(trace.PeerNotPaired), a.log())
		}
		if a.count(trace.Paired)+b.count(trace.Paired) != 0 {
			t.Errorf("they are paired\na:\n%s\nb:\n%s", a.log(), b.log())
		}
		w.speaks("b", wire.Protocol)
		b.offline()
		b.disconnected()
		b.online()
		a.await("they are connected", func() bool { return a.count(trace.ChannelOpened) == 2 && b.count(trace.ChannelOpened) == 2 })
		w.talk(a, b)
	})
}

// A relay that speaks a newer protocol is accepted, and the trace notes it.
func TestTheRelayIsNewer(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a := w.peer("a")
		a.handler.Received(signaling.Envelope{Welcome: &wire.Welcome{ID: "a", Room: "room", Protocol: wire.Protocol + 98}})
		a.await("it is noted", func() bool { return a.count(trace.ProtocolNewer) == 1 })
		b := w.peer("b")
		a.await("they are connected", func() bool { return a.count(trace.ChannelOpened) == 2 })
		w.talk(a, b)
	})
}
