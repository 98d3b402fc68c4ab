package negotiation

import (
	"encoding/json"
	"flag"
	"slices"
	"syscall/js"
	"testing"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/held"
	"perfect-negotiation/negotiation/internal/sdp"
)

func newConnection(t *testing.T) *webrtc.PeerConnection {
	pc, err := webrtc.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	return pc
}

// listen goes around pion's OnMessage, which keeps no order, and OnOpen, which
// does not come if it is late.
func listen(dc *webrtc.DataChannel, message func(string), open func()) {
	on := func(event string, f func(js.Value)) {
		dc.JSValue().Call("addEventListener", event, js.FuncOf(func(_ js.Value, args []js.Value) any {
			f(args[0])
			return nil
		}))
	}
	on("message", func(e js.Value) { message(e.Get("data").String()) })
	if dc.ReadyState() == webrtc.DataChannelStateOpen {
		open()
		return
	}
	on("open", func(js.Value) { open() })
}

// current returns what was negotiated last; nil: nothing.
func (p *party) current() *held.Past {
	return held.NewPast(p.pc.CurrentLocalDescription(), p.pc.CurrentRemoteDescription())
}

func (p *party) wanted() (list []string) {
	all := p.pc.JSValue().Call("getTransceivers")
	for i := range all.Length() {
		t := all.Index(i)
		list = append(list, t.Get("mid").String()+" "+t.Get("direction").String()+" "+t.Get("currentDirection").String())
	}
	return list
}

// complete checks whether an offer is needed for one of the transceivers.
// https://www.w3.org/TR/webrtc/#dfn-check-if-negotiation-is-needed
func (p *party) complete() {
	current := p.current()
	local, remote := current.Local.Sections(), current.Remote.Sections()
	list := p.pc.JSValue().Call("getTransceivers")
	for i := range list.Length() {
		t := list.Index(i)
		if t.Get("direction").String() == "stopped" {
			if !t.Get("mid").IsNull() { // Chromium (156) keeps those that were stopped before they were offered
				p.t.Errorf("%s: a stopped transceiver is still there", p.name)
			}
			continue
		}
		if t.Get("mid").IsNull() {
			p.t.Errorf("%s: a transceiver has no section", p.name)
			continue
		}
		dir := sdp.DirectionOf(t.Get("direction").String())
		mid := t.Get("mid").String()
		at := slices.IndexFunc(local, func(s sdp.Section) bool { return s.Mid == mid })
		if at < 0 {
			p.t.Errorf("%s: there is no section %s", p.name, mid)
			continue
		}
		ours, theirs := local[at].Direction, remote[at].Direction
		if current.Offered && dir != ours && dir != theirs.Reversed() ||
			!current.Offered && ours != dir&theirs.Reversed() {
			p.t.Errorf("%s: section %s says %s, theirs %s, and the transceiver %s", p.name, mid, ours, theirs, dir)
		}
	}
}

var (
	native = flag.String("native", "", "the WebSocket of the native side")
	role   = flag.String("role", "polite", "the role of the browser then")
)

// dial returns a party whose other side is native.
func dial(t *testing.T) *party {
	p := newParty(t, *role, 1)
	s := connect(t)
	p.frames = delayed(t, s.send)
	p.attach()
	s.listen(p.receive)
	p.finish = func() {
		<-p.done
		s.close()
	}
	return p
}

// socket is the WebSocket of the native side.
type socket struct {
	t     *testing.T
	value js.Value
	ready chan struct{}
}

func connect(t *testing.T) *socket {
	return &socket{t, js.Global().Get("WebSocket").New(*native), make(chan struct{})}
}

func (s *socket) send(f frame) {
	data, err := json.Marshal(f)
	if err != nil {
		s.t.Error(err)
	}
	s.say(string(data))
}

// say waits until the native side is there.
func (s *socket) say(text string) {
	<-s.ready
	s.value.Call("send", text)
}

// listen has receive called with each frame.
func (s *socket) listen(receive func(frame)) {
	on := func(event string, f func(js.Value)) {
		s.value.Call("addEventListener", event, js.FuncOf(func(_ js.Value, args []js.Value) any {
			f(args[0])
			return nil
		}))
	}
	on("open", func(js.Value) { close(s.ready) })
	on("message", func(e js.Value) {
		var f frame
		if err := json.Unmarshal([]byte(e.Get("data").String()), &f); err != nil {
			s.t.Error(err)
		}
		receive(f)
	})
}

func (s *socket) close() { s.value.Call("close") }
