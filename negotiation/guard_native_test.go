//go:build !js

package negotiation

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/logging"
	"github.com/pion/transport/v5/vnet"
	"github.com/pion/webrtc/v4"
)

// network is a network in memory, with a victim alone in it.
type network struct {
	t      *testing.T
	router *vnet.Router
	victim *vnet.Net
}

func newNetwork(t *testing.T) *network {
	t.Helper()
	n := &network{t: t}
	var err error
	if n.router, err = vnet.NewRouter(&vnet.RouterConfig{CIDR: "10.0.0.0/24", LoggerFactory: logging.NewDefaultLoggerFactory()}); err != nil {
		t.Fatal(err)
	}
	if n.victim, err = vnet.NewNet(&vnet.NetConfig{}); err != nil {
		t.Fatal(err)
	}
	if err := n.router.AddNet(n.victim); err != nil {
		t.Fatal(err)
	}
	if err := n.router.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.router.Stop() })
	return n
}

// attach makes the victim's connection.
func (n *network) attach(guard *Guard, options ...Option) *Session {
	n.t.Helper()
	engine := webrtc.SettingEngine{}
	engine.SetNet(n.victim)
	engine.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	if guard != nil {
		guard.Protect(&engine)
	}
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(engine)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		n.t.Fatal(err)
	}
	s, err := Attach(pc, Impolite, func(Message) error { return nil }, options...)
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() {
		s.Close()
		<-s.Done()
		_ = pc.Close()
	})
	return s
}

// hostileOffer is an offer of a data channel with these candidates.
func hostileOffer(ufrag string, candidates ...string) Message {
	var b strings.Builder
	fmt.Fprintf(&b, "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\n"+
		"a=mid:0\r\na=sctp-port:5000\r\na=setup:actpass\r\na=ice-ufrag:%s\r\na=ice-pwd:%s\r\na=fingerprint:sha-256 %s\r\n",
		ufrag, strings.Repeat("p", 22), strings.TrimSuffix(strings.Repeat("AB:", 32), ":"))
	for i, address := range candidates {
		fmt.Fprintf(&b, "a=candidate:%d 1 udp 1 %s 5000 typ host\r\n", i, address)
	}
	return Message{Description: &webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: b.String()}}
}

// TestCandidatesAreNoWeapon has one offer name 500 addresses, and then many offers: how
// many packets the victim sends, and where to, has bounds.
func TestCandidatesAreNoWeapon(t *testing.T) {
	for name, row := range map[string]struct {
		offers, most int
		guard        *Guard
	}{
		"one offer":             {1, (maxChecks + 1) * 50, NewGuard(CandidateRules{})},
		"one offer, no Guard":   {1, (maxChecks + 1) * 50, nil},
		"an offer every 100 ms": {50, (maxChecks + 1) * (addressesAtOnce + 50), NewGuard(CandidateRules{})},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNetwork(t)
				packets, forbidden := 0, 0
				n.router.AddChunkFilter(func(c vnet.Chunk) bool {
					packets++
					to, _ := netip.AddrFromSlice(c.DestinationAddr().(*net.UDPAddr).IP)
					if (CandidateRules{}).Permits(to) != nil {
						forbidden++
					}
					return false
				})
				var candidates []string
				for i := range 100 {
					candidates = append(candidates, fmt.Sprintf("192.0.2.%d", i+1), fmt.Sprintf("224.0.0.%d", i+1), "255.255.255.255", "0.0.0.0", "127.0.0.1")
				}
				options := []Option{WithCandidates(CandidateRules{})}
				if row.guard != nil {
					options = []Option{WithGuard(row.guard)}
				}
				s := n.attach(row.guard, options...)
				for i := range row.offers {
					if err := s.Receive(hostileOffer(fmt.Sprint("ufrag", i), candidates...)); err != nil {
						t.Fatal(err)
					}
					time.Sleep(100 * time.Millisecond)
				}
				time.Sleep(10 * time.Second)
				synctest.Wait()
				t.Logf("%d packets", packets)
				if packets == 0 || packets > row.most || forbidden > 0 {
					t.Errorf("it sends %d packets, %d of them where none may go", packets, forbidden)
				}
			})
		})
	}
}
