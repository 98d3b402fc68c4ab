package negotiation

import (
	"syscall/js"
	"testing"

	"perfect-negotiation/negotiation/internal/sdp"
)

// maxSection bounds the bytes of a section that Chromium makes.
const maxSection = 10 << 10

// change makes a random change.
func (p *party) change() {
	n := p.IntN(12)
	if n == 0 {
		p.s.Renegotiate()
		return
	}
	p.do(func() error {
		pc := p.pc.JSValue()
		var live []js.Value
		list := pc.Call("getTransceivers")
		for i := range list.Length() {
			if list.Index(i).Get("direction").String() != "stopped" {
				live = append(live, list.Index(i))
			}
		}
		switch {
		case n <= 2:
			return p.create()
		case n <= 5 && len(live) < 8:
			return p.addTransceiver([]string{"audio", "video"}[n%2])
		case len(live) == 0:
			return nil
		}
		t := live[p.IntN(len(live))]
		switch n {
		case 9:
			if *native == "" || p.stops < maxStops {
				p.stops++
				t.Call("stop")
			}
		case 10:
			track, err := device(t.Get("receiver").Get("track").Get("kind").String())
			if err != nil {
				return err
			}
			t.Get("sender").Call("replaceTrack", track)
		case 11:
			t.Get("sender").Call("replaceTrack", nil)
		default:
			t.Set("direction", sdp.Direction(p.IntN(4)).String())
		}
		return nil
	})
}

// addTransceiver adds one, which plays something or nothing.
func (p *party) addTransceiver(kind string) error {
	if p.IntN(3) == 0 {
		p.media.pc.Call("addTransceiver", kind)
		return nil
	}
	track, err := device(kind)
	if err != nil {
		return err
	}
	p.media.pc.Call("addTransceiver", track, map[string]any{"direction": sdp.Direction(p.IntN(4)).String()})
	return nil
}

// TestStressWithNative is the browser's side of TestStressWithBrowser.
func TestStressWithNative(t *testing.T) {
	if *native == "" {
		t.Skip("TestStressWithBrowser starts it")
	}
	p := dial(t)
	stress(p)
	p.report()
	p.finish()
}
