package negotiation_test

import (
	"syscall/js"

	"perfect-negotiation/negotiation"
)

// listen returns a channel with the kind of each track that brings a packet,
// which is when it is unmuted.
// https://www.w3.org/TR/webrtc/#dom-rtcrtpreceiver-track
func (p *side) listen() <-chan string {
	heard := make(chan string, 64)
	p.on(p.pc.JSValue(), "track", func(event js.Value) {
		track := event.Get("track")
		if !track.Get("muted").Bool() {
			heard <- track.Get("kind").String()
			return
		}
		once := false
		p.on(track, "unmute", func(js.Value) {
			if !once {
				once = true
				heard <- track.Get("kind").String()
			}
		})
	})
	return heard
}

// on listens for an event until the test ends.
func (p *side) on(target js.Value, event string, f func(js.Value)) {
	fn := js.FuncOf(func(_ js.Value, args []js.Value) any {
		f(args[0])
		return nil
	})
	target.Call("addEventListener", event, fn)
	p.t.Cleanup(func() {
		target.Call("removeEventListener", event, fn)
		fn.Release()
	})
}

func (p *side) roll() {}

// live adds a track. It is called within Do.
func (p *side) live(kind string) error {
	stream, err := negotiation.Devices()
	if err != nil {
		return err
	}
	of := map[string]string{"audio": "getAudioTracks", "video": "getVideoTracks"}[kind]
	track := stream.Call(of).Index(0).Call("clone")
	p.t.Cleanup(func() { track.Call("stop") })
	p.pc.JSValue().Call("addTrack", track, stream)
	return nil
}
