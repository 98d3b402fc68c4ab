//go:build !js

package negotiation

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/pion/webrtc/v4"
)

// maxTransceivers bounds the sections.
const maxTransceivers = 16

var stressed = sync.OnceValue(func() *webrtc.API {
	engine := webrtc.SettingEngine{}
	engine.SetIncludeLoopbackCandidate(true)
	media := &webrtc.MediaEngine{}
	if err := media.RegisterDefaultCodecs(); err != nil {
		panic(err)
	}
	return webrtc.NewAPI(webrtc.WithSettingEngine(engine), webrtc.WithMediaEngine(media))
})

func newStressedConnection(t *testing.T) *webrtc.PeerConnection {
	pc, err := stressed().NewPeerConnection(PoliteConfiguration(webrtc.Configuration{}))
	if err != nil {
		t.Fatal(err)
	}
	return pc
}

func listen(dc *webrtc.DataChannel, message func(string), open func()) {
	dc.OnMessage(func(m webrtc.DataChannelMessage) { message(string(m.Data)) })
	dc.OnOpen(open)
}

// change makes a random change.
func (p *party) change() {
	n := p.IntN(12)
	if n == 0 {
		p.s.Renegotiate()
		return
	}
	p.do(func() error {
		all := p.pc.GetTransceivers() // pion's own list
		kind := []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo}[n%2]
		switch {
		case n <= 2:
			return p.create()
		case n <= 4 && len(all) < maxTransceivers:
			return p.addTransceiver(kind)
		case n <= 7:
			return p.addTrack(kind, all)
		case len(all) == 0:
			return nil
		}
		t := all[p.IntN(len(all))]
		sends := t.Sender() != nil && directionOf(t.Direction().String())&sendonly != 0
		switch {
		case n == 8 && p.stops < maxStops:
			p.stops++
			return t.Stop()
		case n <= 10 && sends:
			return p.pc.RemoveTrack(t.Sender())
		case n == 11 && sends:
			return t.Sender().ReplaceTrack(p.media.track(t.Kind()))
		}
		return nil
	})
}

// addTransceiver adds one with any direction, which plays something if it can.
func (p *party) addTransceiver(kind webrtc.RTPCodecType) error {
	var t *webrtc.RTPTransceiver
	var err error
	switch direction(p.IntN(3)) + 1 {
	case recvonly:
		_, err = p.pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
	case sendonly:
		t, err = p.pc.AddTransceiverFromTrack(p.media.track(kind), webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	default:
		t, err = p.pc.AddTransceiverFromTrack(p.media.track(kind))
	}
	if t != nil && err == nil {
		p.drain(t.Sender())
	}
	return err
}

// addTrack sends a new track on a transceiver that does not send, or on a new one.
// AddTrack of the PeerConnection would not take all of the former.
func (p *party) addTrack(kind webrtc.RTPCodecType, all []*webrtc.RTPTransceiver) error {
	track := p.media.track(kind)
	idle := slices.DeleteFunc(slices.Clone(all), func(t *webrtc.RTPTransceiver) bool { return t.Kind() != kind || t.Sender() != nil })
	switch {
	case len(idle) > 0:
		sender, err := stressed().NewRTPSender(track, p.pc.SCTP().Transport())
		if err != nil {
			return err
		}
		p.drain(sender)
		return idle[p.IntN(len(idle))].SetSender(sender, track)
	case len(all) < maxTransceivers:
		sender, err := p.pc.AddTrack(track)
		if err == nil {
			p.drain(sender)
		}
		return err
	}
	return nil
}

// drain reads the reports on what a sender sends, which pion keeps otherwise.
func (p *party) drain(sender *webrtc.RTPSender) {
	p.sources++
	go func() {
		for {
			if _, _, err := sender.ReadRTCP(); err != nil {
				return
			}
		}
	}()
}

func (p *party) wanted() []want { return (&pion{pc: p.pc}).Wants() }

// complete looks whether each transceiver has what it wants.
func (p *party) complete() {
	local := p.read(p.pc.CurrentLocalDescription().SDP)
	for _, t := range p.pc.GetTransceivers() {
		i := slices.IndexFunc(local, func(s section) bool { return s.mid == t.Mid() })
		if i < 0 {
			// A browser that has stopped the section may have used it again.
			if t.Direction() != webrtc.RTPTransceiverDirectionInactive {
				p.t.Errorf("%s: a transceiver with mid %q has no section", p.name, t.Mid())
			}
		} else if says := local[i].direction.String(); says != t.Direction().String() {
			p.t.Errorf("%s: section %s says %s, and the transceiver %s", p.name, t.Mid(), says, t.Direction())
		}
	}
}

// TestStressWithBrowser is TestStress with a native side and one in a browser,
// which runs TestStressWithNative.
func TestStressWithBrowser(t *testing.T) {
	if os.Getenv("PN_BROWSER") == "" {
		t.Skip("needs a browser: make test-browser")
	}
	for _, browser := range []string{"polite", "impolite"} {
		t.Run("browser is "+browser, func(t *testing.T) {
			connected := make(chan *websocket.Conn)
			upgrader := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				conn, err := upgrader.Upgrade(w, r, nil)
				if err != nil {
					t.Error(err)
					return
				}
				connected <- conn
			}))
			defer server.Close()

			tools, err := filepath.Abs("../.ci")
			if err != nil {
				t.Fatal(err)
			}
			test := exec.CommandContext(t.Context(), "go", "test", "-exec", "env -u GOOS -u GOARCH go tool wasmbrowsertest", "-count=1", "-v",
				"-run", "^TestStressWithNative$", ".", "-rounds", fmt.Sprint(*rounds),
				"-native", strings.Replace(server.URL, "http", "ws", 1), "-role", browser)
			test.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "PATH="+tools+":"+os.Getenv("PATH"))
			var output strings.Builder
			test.Stdout, test.Stderr = &output, &output
			if err := test.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- test.Wait() }()
			select {
			case conn := <-connected:
				stressOver(t, conn, map[string]string{"polite": "impolite", "impolite": "polite"}[browser])
				err = <-ended
			case err = <-ended:
			}
			if err != nil || !strings.Contains(output.String(), "--- PASS: TestStressWithNative") {
				t.Errorf("%v\n%s", err, &output)
			}
		})
	}
}

func stressOver(t *testing.T, conn *websocket.Conn, role string) {
	p := newParty(t, role, 2)
	p.frames = delayed(t, func(f frame) {
		if err := conn.WriteJSON(f); err != nil {
			t.Error(err)
		}
	})
	p.attach()
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		for {
			var f frame
			_, data, err := conn.ReadMessage()
			if err != nil {
				return
			}
			if err := json.Unmarshal(data, &f); err != nil {
				t.Error(err)
			}
			p.receive(f)
		}
	}()
	stress(p)
	p.report()
	p.send(frame{Done: true})
	<-gone
}
