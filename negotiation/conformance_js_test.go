package negotiation_test

import (
	"testing"

	"github.com/hack-pad/safejs"
	"github.com/pion/webrtc/v4"
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
