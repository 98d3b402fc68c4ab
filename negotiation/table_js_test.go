package negotiation

import (
	"strings"
	"syscall/js"
	"testing"

	"perfect-negotiation/negotiation/internal/sdp"
)

// step does one thing that a row says, within Do.
func (p *party) step(verb, argument string) error {
	pc := p.media.pc
	var all []js.Value
	list := pc.Call("getTransceivers")
	for i := range list.Length() {
		all = append(all, list.Index(i))
	}
	first := func(is func(js.Value) bool) js.Value {
		for _, t := range all {
			if is(t) {
				return t
			}
		}
		p.t.Fatalf("%s: no transceiver for %s", p.name, verb)
		return js.Undefined()
	}
	sends := func(t js.Value) bool {
		return sdp.DirectionOf(t.Get("direction").String())&sdp.Sendonly != 0 && !t.Get("sender").Get("track").IsNull()
	}
	switch verb {
	case "-":
	case "data":
		_, err := p.pc.CreateDataChannel("data", nil)
		return err
	case "audio", "video":
		track, err := device(verb)
		if err != nil {
			return err
		}
		if argument == "" {
			argument = sdp.Sendrecv.String()
		}
		pc.Call("addTransceiver", track, map[string]any{"direction": argument})
	case "track":
		if argument == "" {
			argument = "audio"
		}
		track, err := device(argument)
		if err != nil {
			return err
		}
		pc.Call("addTrack", track.Call("clone"))
	case "remove":
		pc.Call("removeTrack", first(sends).Get("sender"))
	case "replace":
		for _, t := range all {
			if sends(t) {
				t.Get("sender").Call("replaceTrack", t.Get("sender").Get("track").Call("clone"))
			}
		}
	case "mute":
		for _, t := range all {
			if sends(t) {
				t.Get("sender").Call("replaceTrack", nil)
			}
		}
	case "unmute":
		for _, t := range all {
			if sdp.DirectionOf(t.Get("direction").String())&sdp.Sendonly == 0 {
				continue
			}
			track, err := device(t.Get("receiver").Get("track").Get("kind").String())
			if err != nil {
				return err
			}
			t.Get("sender").Call("replaceTrack", track)
		}
	case "stop":
		first(func(t js.Value) bool { return !strings.Contains("inactive stopped", t.Get("direction").String()) }).Call("stop")
	case "restart":
		p.s.RestartICE()
	default:
		p.t.Fatalf("what is %q?", verb)
	}
	return nil
}

// TestTableWithNative is the browser's side of TestTableWithBrowser.
func TestTableWithNative(t *testing.T) {
	if *native == "" {
		t.Skip("TestTableWithBrowser starts it")
	}
	for _, r := range with(*role) {
		t.Run(strings.ReplaceAll(r.name, " ", "_"), func(t *testing.T) {
			p := dial(t)
			r.play(p)
			p.finish()
		})
	}
}
