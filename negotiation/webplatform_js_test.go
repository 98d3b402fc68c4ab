package negotiation

import (
	"context"
	_ "embed"
	"flag"
	"fmt"
	"syscall/js"
	"testing"

	"github.com/pion/webrtc/v4"
)

var page = flag.String("page", pages[0], "the browser's side of TestWebPlatformWithBrowser")

// someSeeds are those of TestWebPlatform in every test run.
const someSeeds = 1

// inBubble lets others run meanwhile: most of the time each waits.
func inBubble(t *testing.T, f func(*testing.T)) {
	t.Parallel()
	f(t)
}

func newOffline(t *testing.T) *webrtc.PeerConnection {
	pc := newConnection(t)
	t.Cleanup(func() {
		if err := pc.Close(); err != nil {
			t.Error(err)
		}
	})
	return pc
}

// TestWebPlatformWithSample is TestWebPlatform with a Session and the W3C sample in plain
// JavaScript.
func TestWebPlatformWithSample(t *testing.T) {
	if *seeds == someSeeds {
		t.Skip("make soak-pairings plays it, with more seeds")
	}
	for _, sample := range []Role{Polite, Impolite} {
		for _, r := range webPlatformRows() {
			t.Run(fmt.Sprintf("the sample is %s/%s", sample, r), func(t *testing.T) {
				t.Parallel()
				if sample == Polite {
					r.together(t, newSampleSide, newSessionSide)
				} else {
					r.together(t, newSessionSide, newSampleSide)
				}
			})
		}
	}
}

// TestWebPlatformWithNative is the browser's side of TestWebPlatformWithBrowser.
func TestWebPlatformWithNative(t *testing.T) {
	if *native == "" {
		t.Skip("TestWebPlatformWithBrowser starts it")
	}
	for _, r := range webPlatformRows() {
		t.Run(r.String(), func(t *testing.T) {
			t.Parallel()
			s := connect(t)
			p := r.peer(t, Role(*role))
			p.frames = r.delayed(t, p.role, s.send)
			if *page == pages[0] {
				p.webPlatformSide = newSessionSide(p)
			} else {
				p.webPlatformSide = newSampleSide(p)
			}
			s.listen(p.receive)
			s.say(r.String())
			r.on(p)
			<-p.done
			s.close()
		})
	}
}

//go:embed testdata/sample.js
var sampleText string

// sampleSide is a page in plain JavaScript.
type sampleSide struct {
	p        *webPlatformPeer
	signaler js.Value
	page     js.Value
}

func newSampleSide(p *webPlatformPeer) webPlatformSide {
	s := &sampleSide{p: p, signaler: js.ValueOf(map[string]any{})}
	send := js.FuncOf(func(_ js.Value, args []js.Value) any {
		var m Message
		if err := m.UnmarshalJSON([]byte(js.Global().Get("JSON").Call("stringify", args[0]).String())); err != nil {
			p.t.Error(err)
		}
		p.said(m)
		return nil
	})
	s.signaler.Set("send", send)
	s.page = js.Global().Call("eval", sampleText).Invoke(p.role == Polite, s.signaler)
	p.t.Cleanup(func() {
		if p.t.Failed() {
			p.t.Logf("%s: %s", p.role, s.page.Call("state").String())
		}
		pc := s.page.Get("pc")
		for _, name := range []string{"onicecandidate", "onnegotiationneeded"} {
			pc.Set(name, nil)
		}
		pc.Call("close")
		send.Release()
	})
	return s
}

func (s *sampleSide) add(n int)         { s.page.Call("add", n) }
func (s *sampleSide) restart()          { s.page.Call("restart") }
func (s *sampleSide) ufrag() string     { return s.page.Call("ufrag").String() }
func (s *sampleSide) transceivers() int { return s.page.Get("pc").Call("getTransceivers").Length() }

func (s *sampleSide) negotiated(ctx context.Context) error {
	_, err := settled(ctx, s.page.Call("negotiated"))
	return err
}

func (s *sampleSide) hear(m Message) error {
	data, err := m.MarshalJSON()
	if err == nil {
		s.signaler.Call("onmessage", js.Global().Get("JSON").Call("parse", string(data)))
	}
	return err
}
