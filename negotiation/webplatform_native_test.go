//go:build !js

package negotiation

import (
	"flag"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/gorilla/websocket"
	"github.com/pion/ice/v4"
	"github.com/pion/webrtc/v4"
)

// someSeeds are those of TestWebPlatform in every test run.
const someSeeds = 20

// inBubble has signalling take no real time.
func inBubble(t *testing.T, f func(*testing.T)) { synctest.Test(t, f) }

// newOffline returns a connection that has no network.
func newOffline(t *testing.T) *webrtc.PeerConnection {
	engine := webrtc.SettingEngine{}
	engine.SetNetworkTypes([]webrtc.NetworkType{})
	engine.SetInterfaceFilter(func(string) bool { return false })
	engine.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	codecs := &webrtc.MediaEngine{}
	must(t, codecs.RegisterCodec(webrtc.RTPCodecParameters{
		RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}, PayloadType: 96,
	}, webrtc.RTPCodecTypeVideo))
	return newWith(t, engine, codecs)
}

// newForPages returns a connection on loopback for one with a page.
func newForPages(t *testing.T) *webrtc.PeerConnection {
	engine := webrtc.SettingEngine{}
	engine.SetIncludeLoopbackCandidate(true)
	codecs := &webrtc.MediaEngine{}
	must(t, codecs.RegisterDefaultCodecs())
	must(t, NumberExtensions(codecs))
	return newWith(t, engine, codecs)
}

func newWith(t *testing.T, engine webrtc.SettingEngine, codecs *webrtc.MediaEngine) *webrtc.PeerConnection {
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(engine), webrtc.WithMediaEngine(codecs)).NewPeerConnection(webrtc.Configuration{})
	must(t, err)
	t.Cleanup(func() {
		if err := pc.GracefulClose(); err != nil {
			t.Error(err)
		}
	})
	return pc
}

// TestWebPlatformWithBrowser is TestWebPlatform with a native side and a page, which is
// ours or plain JavaScript.
func TestWebPlatformWithBrowser(t *testing.T) {
	for _, page := range pages {
		for _, browser := range []Role{Polite, Impolite} {
			t.Run(fmt.Sprintf("%s is %s", page, browser), func(t *testing.T) {
				rows := webPlatformRows()
				var played atomic.Int64
				var wg sync.WaitGroup
				withSocket(t, "TestWebPlatformWithNative", string(browser), func(conn *websocket.Conn) {
					wg.Go(func() {
						_, name, err := conn.ReadMessage()
						i := slices.IndexFunc(rows, func(r webPlatformRow) bool { return r.String() == string(name) })
						if err != nil || i < 0 {
							t.Errorf("the page plays %q: %v", name, err)
							return
						}
						r := rows[i]
						t.Run(r.String(), func(t *testing.T) {
							p := r.peer(t, otherRole[browser])
							p.frames = r.delayed(t, p.role, toBrowser(t, conn))
							p.webPlatformSide = attached(p, newForPages(t))
							gone := fromBrowser(t, conn, p.receive)
							r.on(p)
							p.send(frame{Done: true})
							<-gone
						})
						played.Add(1)
					})
				}, "-page", page, "-seeds", fmt.Sprint(*seeds), "-seed", fmt.Sprint(*seed), "-test.parallel", fmt.Sprint(flag.Lookup("test.parallel").Value))
				wg.Wait()
				if n := int(played.Load()); n != len(rows) {
					t.Errorf("%d scenarios of %d were played", n, len(rows))
				}
			})
		}
	}
}
