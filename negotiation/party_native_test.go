//go:build !js

package negotiation

import (
	"encoding/json"
	"fmt"
	"io"
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
	"github.com/pion/transport/v5/packetio"
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/held"
	"perfect-negotiation/negotiation/internal/pion"
	"perfect-negotiation/negotiation/internal/sdp"
)

var withLoopback = sync.OnceValue(func() *webrtc.API {
	engine := webrtc.SettingEngine{}
	engine.SetIncludeLoopbackCandidate(true)
	engine.BufferFactory = newBuffer
	media := &webrtc.MediaEngine{}
	if err := media.RegisterDefaultCodecs(); err != nil {
		panic(err)
	}
	return webrtc.NewAPI(webrtc.WithSettingEngine(engine), webrtc.WithMediaEngine(media))
})

// newBuffer makes what holds the packets of a source until they are read. pion keeps
// up to 100 KB of RTCP of each source that there ever was; here it is 1.5 KB, so that
// it is seen if anything else grows.
func newBuffer(packets packetio.BufferPacketType, _ uint32) io.ReadWriteCloser {
	b := packetio.NewBuffer()
	if packets == packetio.RTCPBufferPacket {
		sources.Add(1)
		b.SetLimitSize(1500)
	} else {
		b.SetLimitSize(1000 * 1000)
	}
	return buffer{b}
}

// buffer is one without the attributes that packets have on their way through pion.
type buffer struct{ *packetio.Buffer }

func (b buffer) Read(packet []byte) (int, error) {
	n, _, err := b.Buffer.Read(packet, nil)
	return n, err
}

func (b buffer) Write(packet []byte) (int, error) { return b.Buffer.Write(packet, nil) }

func newConnection(t *testing.T) *webrtc.PeerConnection {
	pc, err := withLoopback().NewPeerConnection(PoliteConfiguration(webrtc.Configuration{}))
	if err != nil {
		t.Fatal(err)
	}
	return pc
}

func listen(dc *webrtc.DataChannel, message func(string), open func()) {
	dc.OnMessage(func(m webrtc.DataChannelMessage) { message(string(m.Data)) })
	dc.OnOpen(open)
}

// current returns what was negotiated last, as it was on the wire.
func (p *party) current() *held.Past {
	before, err := pion.New(p.pc, false).Past()
	if err != nil {
		p.t.Error(err)
	}
	return before
}

func (p *party) wanted() []held.Want { return pion.New(p.pc, false).Wants() }

// complete checks whether each transceiver has what it wants.
func (p *party) complete() {
	local := p.current().Local.Sections()
	for _, t := range p.pc.GetTransceivers() {
		i := slices.IndexFunc(local, func(s sdp.Section) bool { return s.Mid == t.Mid() })
		if i < 0 {
			// A browser that has stopped the section may have used it again.
			if t.Direction() != webrtc.RTPTransceiverDirectionInactive {
				p.t.Errorf("%s: a transceiver with mid %q has no section", p.name, t.Mid())
			}
		} else if says := local[i].Direction.String(); says != t.Direction().String() {
			p.t.Errorf("%s: section %s says %s, and the transceiver %s", p.name, t.Mid(), says, t.Direction())
		}
	}
}

// withBrowser runs a test of this package in a browser, which plays one role. For
// each connection that it wants, it dials the WebSocket given with -native, and
// next makes the party that plays the other role and has it do its part.
func withBrowser(t *testing.T, test, role string, next func(make func(*testing.T) *party), arguments ...string) {
	withSocket(t, test, role, func(conn *websocket.Conn) {
		next(func(t *testing.T) *party {
			return over(t, conn, string(otherRole[Role(role)]))
		})
	}, arguments...)
}

var otherRole = map[Role]Role{Polite: Impolite, Impolite: Polite}

// withSocket is withBrowser for what is not a party.
func withSocket(t *testing.T, test, role string, next func(*websocket.Conn), arguments ...string) {
	if os.Getenv("PN_BROWSER") == "" {
		t.Skip("needs a browser: make test-browser")
	}
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
	program, err := browserTests()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", append([]string{
		"tool", "wasmbrowsertest", program, "-test.timeout", "0", "-test.v", "-test.run", "^" + test + "$",
		"-native", strings.Replace(server.URL, "http", "ws", 1), "-role", role,
	}, arguments...)...)
	cmd.Env = append(os.Environ(), "PATH="+tools+":"+os.Getenv("PATH"))
	var output strings.Builder
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case conn := <-connected:
			next(conn)
		case err = <-ended:
			if err != nil || !strings.Contains(output.String(), "--- PASS: "+test) {
				t.Errorf("%v\n%s", err, &output)
			}
			return
		}
	}
}

// browserTestsIn is a directory that conclude removes; empty: there is none.
var browserTestsIn string

// browserTests compiles the tests of this package for browsers, once, and returns where
// they are.
var browserTests = sync.OnceValues(func() (program string, err error) {
	if browserTestsIn, err = os.MkdirTemp("", "pn-browser-"); err != nil {
		return "", err
	}
	program = filepath.Join(browserTestsIn, "negotiation.test")
	build := exec.Command("go", "test", "-c", "-vet=off", "-o", program, ".")
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return program, nil
})

// over returns a party whose other side is in a browser.
func over(t *testing.T, conn *websocket.Conn, role string) *party {
	p := newParty(t, role, 2)
	p.frames = delayed(t, toBrowser(t, conn))
	p.attach()
	gone := fromBrowser(t, conn, p.receive)
	p.finish = func() {
		p.send(frame{Done: true})
		<-gone
	}
	return p
}

func toBrowser(t *testing.T, conn *websocket.Conn) func(frame) {
	return func(f frame) {
		if err := conn.WriteJSON(f); err != nil {
			t.Error(err)
		}
	}
}

// fromBrowser has receive called with each frame until the browser goes.
func fromBrowser(t *testing.T, conn *websocket.Conn, receive func(frame)) (gone <-chan struct{}) {
	end := make(chan struct{})
	go func() {
		defer close(end)
		for {
			var f frame
			_, data, err := conn.ReadMessage()
			if err != nil {
				return
			}
			if err := json.Unmarshal(data, &f); err != nil {
				t.Error(err)
			}
			receive(f)
		}
	}()
	return end
}
