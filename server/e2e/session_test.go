package e2e

import (
	"fmt"
	"slices"
	"testing"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/peer"
	"perfect-negotiation/negotiation/trace"
)

// wedge brings the connection of a native peer into a state from which pion has
// no way back: an offer was applied, and will not be answered. No exchange may be
// under way: pion's own methods must not overlap.
func (n *native) wedge() {
	n.t.Helper()
	other, err := peer.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		n.t.Fatal(err)
	}
	defer other.Close()
	if _, err := other.CreateDataChannel("stray", nil); err != nil {
		n.t.Fatal(err)
	}
	offer, err := other.CreateOffer(nil)
	if err != nil {
		n.t.Fatal(err)
	}
	n.await("the connection is stable", func() bool {
		n.mu.Lock()
		pc := n.connections[len(n.connections)-1]
		n.mu.Unlock()
		return pc.SignalingState() == webrtc.SignalingStateStable && pc.SetRemoteDescription(offer) == nil
	})
}

// A connection that cannot go on is replaced, and the pairing with it.
func TestStartingOver(t *testing.T) {
	t.Parallel()
	talk := func(t *testing.T, a, b participant, line string) {
		t.Helper()
		both(a, b, func(p participant) { p.say(line) })
		for _, p := range []participant{a, b} {
			await(t, "chat arrives", func() bool { return slices.Contains(p.received(), line) }, a, b)
		}
	}
	t.Run("a polite native peer", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		a, b := w.native(demoRoom, "polite", true), w.native(demoRoom, "impolite", true)
		awaitChannels(t, 2, a, b)
		a.wedge()
		b.renegotiate()
		await(t, "it starts over", func() bool { return a.count(trace.StartingOver) == 1 }, a, b)
		awaitChannels(t, 4, a, b)
		talk(t, a, b, "on a new connection")
	})
	t.Run("a native peer and a tab", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		a, b := w.native("over", "", true), w.tab("/r/over")
		awaitChannels(t, 2, a, b)
		a.wedge()
		b.renegotiate()
		awaitChannels(t, 4, a, b)
		talk(t, a, b, "on a new connection")
	})
	t.Run("both at once", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		a, b := w.native(demoRoom, "polite", true), w.native(demoRoom, "impolite", true)
		awaitChannels(t, 2, a, b)
		for n := range 5 {
			await(t, "both channels are open", func() bool { return a.complete() && b.complete() }, a, b)
			over := a.count(trace.StartingOver) + b.count(trace.StartingOver)
			a.wedge()
			b.wedge()
			both(a, b, participant.renegotiate)
			await(t, "they start over", func() bool { return a.count(trace.StartingOver)+b.count(trace.StartingOver) > over }, a, b)
			line := fmt.Sprint("after ", n)
			await(t, "chat arrives", func() bool {
				_ = a.p.Say("", line)
				return slices.Contains(b.received(), line)
			}, a, b)
		}
	})
}

// Whoever of two native peers goes and comes again, or both, they pair again.
func TestComeAndGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.native("inn", "", true)
	for range 3 {
		b := w.native("inn", "", true)
		opened := a.count(trace.ChannelOpened)
		awaitChannels(t, 2, b)
		await(t, "both channels are open", func() bool { return a.count(trace.ChannelOpened) >= opened }, a, b)
		b.say("hello")
		await(t, "chat arrives", func() bool { return slices.Contains(a.received(), "hello") }, a, b)
		gone := a.count(trace.PeerGone)
		b.close()
		await(t, "it is gone", func() bool { return a.count(trace.PeerGone) > gone }, a, b)
		nothingSurfaced(t, a, b)
	}
}

// A relay that goes does not end what it has brought together: chat goes on, and
// an offer that is wanted meanwhile is made when the relay is back.
func TestTheCallOutlivesTheRelay(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func(w *world) (a, b participant){
		"native and native": func(w *world) (participant, participant) {
			return w.native("outlive", "", true), w.native("outlive", "", true)
		},
		"tab and native": func(w *world) (participant, participant) {
			return w.tab("/r/outlive"), w.native("outlive", "", true)
		},
		"tab and tab": func(w *world) (participant, participant) {
			return w.tab("/r/outlive"), w.tab("/r/outlive")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			a, b := make(w)
			awaitChannels(t, 2, a, b)
			address := w.url[len("http://"):]
			for n := range 3 {
				w.stop()
				for _, p := range []participant{a, b} {
					await(t, "it notices", func() bool { return p.count(trace.RelayLost) > n }, a, b)
				}
				answered := map[participant]int{a: a.count(trace.AnswerReceived), b: b.count(trace.AnswerReceived)}
				both(a, b, participant.renegotiate)
				line := fmt.Sprint("without a relay ", n)
				both(a, b, func(p participant) { p.say(line) })
				for _, p := range []participant{a, b} {
					await(t, "chat goes on", func() bool { return slices.Contains(p.received(), line) }, a, b)
				}
				w.start(address)
				for _, p := range []participant{a, b} {
					await(t, "its offer is answered", func() bool { return p.count(trace.AnswerReceived) > answered[p] }, a, b)
				}
			}
			for _, p := range []participant{a, b} {
				if p.count(trace.Paired) != 1 {
					t.Errorf("it was paired %d times", p.count(trace.Paired))
				}
			}
		})
	}
}
