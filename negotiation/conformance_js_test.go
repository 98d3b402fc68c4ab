package negotiation_test

import (
	"syscall/js"
	"testing"

	"github.com/hack-pad/safejs"
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
)

func newPeerConnection(t *testing.T, c webrtc.Configuration) *webrtc.PeerConnection {
	t.Helper()
	pc, err := webrtc.NewPeerConnection(c)
	if err != nil {
		t.Fatal(err)
	}
	return pc
}

// receive goes around pion's OnMessage, which keeps no order.
func receive(t *testing.T, dc *webrtc.DataChannel, f func(string)) {
	fn, err := safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		data, _ := args[0].Get("data")
		text, _ := data.String()
		f(text)
		return nil
	})
	if err != nil {
		t.Error(err)
		return
	}
	if _, err := safejs.Safe(dc.JSValue()).Call("addEventListener", "message", fn); err != nil {
		t.Error(err)
	}
}

// opened calls f also if the channel is open already, as pion does natively.
func opened(dc *webrtc.DataChannel, f func()) {
	if dc.ReadyState() == webrtc.DataChannelStateOpen {
		f()
		return
	}
	dc.OnOpen(f)
}

// A first offer that is rolled back before Chromium knows its networks leaves a
// connection without candidates. The answer comes late here, so that without our
// wait the networks would become known between the two.
func TestFirstOfferRolledBackAtOnce(t *testing.T) {
	for range 12 {
		p, i := newSide(t, "polite"), newSide(t, "impolite")
		js.Global().Get("Function").New("pc", `
			const set = pc.setLocalDescription.bind(pc);
			let calls = 0;
			pc.setLocalDescription = async () => {
				if (++calls === 2) await new Promise((resolve) => setTimeout(resolve, 100));
				return set();
			};`).Invoke(p.pc.JSValue())
		for _, s := range []*side{p, i} {
			dc, err := s.pc.CreateDataChannel("data-"+s.name, nil)
			if err != nil {
				t.Fatal(err)
			}
			s.watch(dc)
		}
		p.deaf = true
		i.attach(p)
		p.attach(i)
		for range 2 {
			p.channel()
			i.channel()
		}
		if p.count(negotiation.CollisionRollback) == 0 {
			t.Error("nothing was rolled back")
		}
	}
}
