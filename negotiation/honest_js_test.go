package negotiation

import (
	"iter"
	"syscall/js"
	"testing"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/browser"
	"perfect-negotiation/negotiation/internal/held"
	"perfect-negotiation/negotiation/internal/sdp"
)

func newTwin(s *schedule, name string) *twin {
	pc, err := webrtc.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		s.t.Fatal(err)
	}
	adapted, err := browser.Adapt(pc, name == "p", held.Hooks{Enqueue: func(func()) {}, Recheck: func() {}})
	if err != nil {
		s.t.Fatal(err)
	}
	p := &browserSubject{adapted.Connection, adapted, s.t, pc}
	m := &modelSubject{}
	m.browserModel = newBrowserModel(name, m)
	return &twin{schedule: s, name: name, real: p, model: m}
}

// modelSubject is the model, alone in the world.
type modelSubject struct {
	*browserModel
	queued bool // the task that updates the negotiation-needed flag
}

func (*modelSubject) within(string) error { return nil }
func (m *modelSubject) task()             { m.queued = true }
func (*modelSubject) needed()             {}
func (*modelSubject) gathered(string)     {}

func (m *modelSubject) list() []transceiver { return m.transceivers }
func (*modelSubject) close()                {}

func (m *modelSubject) settled() int {
	for m.queued {
		m.queued = false
		m.runTask()
	}
	return int(m.Count.Load())
}

// browserSubject is an RTCPeerConnection.
type browserSubject struct {
	*browser.Connection
	adapted *browser.Adapter
	t       *testing.T
	pc      *webrtc.PeerConnection
}

// settled makes a round trip to where events come from: those of before are here.
func (p *browserSubject) settled() int {
	p.adapted.Flush()
	return int(p.Count.Load())
}

func (p *browserSubject) close() {
	p.adapted.Detach()
	if err := p.pc.Close(); err != nil {
		p.t.Error(err)
	}
}

func (p *browserSubject) list() []transceiver {
	var list []transceiver
	for t := range p.transceivers() {
		mid := ""
		if v := t.Get("mid"); v.Type() == js.TypeString {
			mid = v.String()
		}
		kind := t.Get("receiver").Get("track").Get("kind").String()
		list = append(list, transceiver{kind: kind, mid: mid, dir: sdp.DirectionOf(t.Get("direction").String())})
	}
	return list
}

func (p *browserSubject) transceivers() iter.Seq[js.Value] {
	return func(yield func(js.Value) bool) {
		list := p.pc.JSValue().Call("getTransceivers")
		for i := range list.Length() {
			if !yield(list.Index(i)) {
				return
			}
		}
	}
}

var audio = js.Global().Get("AudioContext").New()

func (p *browserSubject) change(what string) {
	pc := p.pc.JSValue()
	switch what {
	case "channel":
		pc.Call("createDataChannel", "")
	case "audio", "video":
		pc.Call("addTransceiver", what)
	case "track":
		pc.Call("addTrack", audio.Call("createMediaStreamDestination").Get("stream").Call("getTracks").Index(0))
	case "remove":
		for t := range p.transceivers() {
			dir := sdp.DirectionOf(t.Get("direction").String())
			if dir&sdp.Sendonly == 0 {
				continue
			}
			if t.Get("sender").Get("track").IsNull() {
				t.Set("direction", (dir & sdp.Recvonly).String())
			} else {
				pc.Call("removeTrack", t.Get("sender"))
			}
			break
		}
	}
}
