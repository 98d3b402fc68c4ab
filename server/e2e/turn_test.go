package e2e

import (
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/peer"
	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/negotiation/trace"
	"perfect-negotiation/server/relay"
	"perfect-negotiation/server/turn"
)

// relayOnly has a page connect over TURN servers alone.
const relayOnly = `window.RTCPeerConnection = class extends RTCPeerConnection {
	constructor(configuration) { super({ ...configuration, iceTransportPolicy: "relay" }); }
};`

// relayed is a world in which peers reach each other over a TURN server only.
type relayed struct {
	*world
	turn *turn.Server
}

// newRelayed returns a world whose peers are told of the server's URLs for this
// transport, udp, tcp or tls, and of credentials with this lifetime.
func newRelayed(t *testing.T, transport string, lifetime time.Duration, config turn.Config) relayed {
	t.Helper()
	config.Address, config.Secret = "127.0.0.1:0", turn.NewSecret()
	config.PublicIPs = []netip.Addr{netip.MustParseAddr("127.0.0.1")}
	server, err := turn.New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	scheme, suffix := "turn:", "transport="+transport
	if transport == "tls" {
		scheme, suffix = "turns:", "transport=tcp"
	}
	urls := slices.DeleteFunc(server.TURN(""), func(url string) bool { return !strings.HasPrefix(url, scheme) || !strings.HasSuffix(url, suffix) })
	w := newWorld(t, func(w *world) {
		w.configure = func(c *relay.Config) {
			c.PingInterval = min(25*time.Second, lifetime/20)
			c.PongTimeout = patience
			c.ICEServersFor = func(id string) ([]wire.ICEServer, time.Time) {
				expires := time.Now().Add(lifetime)
				name, password := config.Secret.Credentials(id, expires)
				return []wire.ICEServer{{URLs: urls, Username: name, Credential: password}}, expires
			}
		}
		w.newConnection = func(c webrtc.Configuration) (*webrtc.PeerConnection, error) {
			c.ICETransportPolicy = webrtc.ICETransportPolicyRelay
			return peer.NewPeerConnection(c)
		}
	})
	return relayed{w, server}
}

// tab is a tab that connects over the TURN server.
func (r relayed) tab(path string) *mediaTab {
	r.t.Helper()
	b := r.blank(r.url + path)
	if err := b.prepare(relayOnly); err != nil {
		r.t.Fatal(err)
	}
	return remembering(b)
}

// isRelayed checks that a connection goes over relayed candidates on both sides.
func (n *native) isRelayed() {
	n.t.Helper()
	n.mu.Lock()
	pc := n.connections[len(n.connections)-1]
	n.mu.Unlock()
	var pair *webrtc.ICECandidatePair
	n.await("it has a path", func() bool {
		var err error
		pair, err = pc.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
		return err == nil && pair != nil
	})
	if pair.Local.Typ != webrtc.ICECandidateTypeRelay || pair.Remote.Typ != webrtc.ICECandidateTypeRelay {
		n.t.Errorf("it is connected by %v", pair)
	}
}

// talk has each of two say something to the other.
func talk(t *testing.T, line string, who ...participant) {
	t.Helper()
	for i, p := range who {
		text := fmt.Sprint(line, " ", i)
		p.say(text)
		await(t, "it is heard: "+text, func() bool { return slices.Contains(who[1-i].received(), text) }, who...)
	}
}

// Peers that cannot reach each other meet over a TURN server, which they reach over UDP or
// TCP.
func TestRelayed(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{"udp", "tcp"} {
		for name, pair := range map[string]func(relayed) (participant, *native){
			"native and native": func(r relayed) (participant, *native) {
				return r.native(demoRoom, "polite", false), r.native(demoRoom, "impolite", false)
			},
			"tab and native": func(r relayed) (participant, *native) {
				return r.tab("/polite"), r.native(demoRoom, "impolite", false)
			},
		} {
			t.Run(name+" over "+transport, func(t *testing.T) {
				t.Parallel()
				r := newRelayed(t, transport, time.Hour, turn.Config{})
				a, b := pair(r)
				a.connect()
				awaitChannels(t, 1, a, b)
				talk(t, "hello", a, b)
				b.isRelayed()
				if got := r.turn.Stats(); got.Allocations < 2 || got.SentBytes == 0 || got.ReceivedBytes == 0 {
					t.Errorf("%+v", got)
				}
				nothingSurfaced(t, a, b)
			})
		}
	}
}

// Behind a firewall that lets out only TLS, a tab and a native peer meet over a TURN
// server with a certificate that they have been told to trust. Nothing but a way from
// relay to relay leads from the one to the other.
func TestRelayedOverTLS(t *testing.T) {
	t.Parallel()
	if browser == nil {
		t.Skip("needs a browser and the built page: make test-tabs")
	}
	r := newRelayed(t, "tls", time.Hour, turn.Config{TLS: &tls.Config{Certificates: []tls.Certificate{ownCertificate}}})
	r.ca = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ownCertificate.Leaf.Raw})
	r.newConnection = nil // which trusts it
	a, b := r.tab("/polite"), r.native(demoRoom, "impolite", false)
	a.connect()
	awaitChannels(t, 1, a, b)
	talk(t, "hello", a, b)
	if got := r.turn.Stats(); got.Allocations < 2 || got.SentBytes == 0 || got.ReceivedBytes == 0 {
		t.Errorf("%+v", got)
	}
	nothingSurfaced(t, a, b)
}

// A call outlives the credentials with which it began, and restarts ICE with fresh ones,
// also when its TURN server takes no others any more.
func TestACallOutlivesItsCredentials(t *testing.T) {
	t.Parallel()
	for name, pair := range map[string]func(relayed) (restarter, *native){
		"native and native": func(r relayed) (restarter, *native) {
			return r.native(demoRoom, "polite", false), r.native(demoRoom, "impolite", false)
		},
		"tab and native": func(r relayed) (restarter, *native) {
			return r.tab("/polite"), r.native(demoRoom, "impolite", false)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const lifetime = 10 * time.Second
			r := newRelayed(t, "udp", lifetime, turn.Config{AllocationLifetime: 6 * time.Second}) // so they are refreshed often
			a, b := pair(r)
			a.connect()
			awaitChannels(t, 1, a, b)
			expired := time.Now().Add(lifetime)
			await(t, "all credentials of the beginning have expired", func() bool { return time.Now().After(expired) }, a, b)
			refreshed, made := r.turn.Stats().Refreshes, r.turn.Stats().AllocationsTotal
			await(t, "the allocations are refreshed", func() bool { return r.turn.Stats().Refreshes >= refreshed+4 }, a, b)
			talk(t, "still here", a, b)
			if got := r.turn.Stats(); got.AllocationsTotal != made || got.Allocations < 2 {
				t.Errorf("after %d allocations: %+v", made, got)
			}

			before := map[restarter]string{a: a.ufrag(), b: b.ufrag()}
			b.restart()
			for _, p := range []restarter{a, b} {
				await(t, "it has new credentials of ICE", func() bool { return p.ufrag() != before[p] }, a, b)
			}
			await(t, "each has allocated anew", func() bool { return r.turn.Stats().AllocationsTotal >= made+2 }, a, b)
			talk(t, "here again", a, b)
			b.isRelayed()
			if got := r.turn.Stats(); got.Rejects[turn.RejectExpired] > 0 || got.Rejects[turn.RejectForged] > 0 {
				t.Errorf("%+v", got)
			}
			for _, p := range []participant{a, b} {
				if p.count(trace.ChangeFailed) > 0 {
					t.Error(p.log())
				}
			}
		})
	}
}

// coturn starts a coturn that has what HOSTING.md says, and returns its URL.
func coturn(t *testing.T, secret string) (url string) {
	t.Helper()
	path, err := exec.LookPath("turnserver")
	if err != nil {
		t.Skip("coturn is not here")
	}
	dir := t.TempDir()
	listener := newListener(t)
	port := listener.Addr().(*net.TCPAddr).Port
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "turnserver.conf")
	text := fmt.Sprintf(`use-auth-secret
static-auth-secret=%s
realm=example.org
no-tcp-relay
denied-peer-ip=10.0.0.0-10.255.255.255

# For this test alone:
listening-ip=127.0.0.1
relay-ip=127.0.0.1
listening-port=%d
allow-loopback-peers
no-tls
no-dtls
no-cli
log-file=stdout
pidfile=%s
userdb=%s
`, secret, port, filepath.Join(dir, "pid"), filepath.Join(dir, "db"))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "-c", file)
	var log strings.Builder
	cmd.Stdout, cmd.Stderr = &log, &log
	endWithTest(cmd)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
		if t.Failed() {
			t.Log(log.String())
		}
	})
	address := fmt.Sprintf("127.0.0.1:%d", port)
	await(t, "coturn listens", func() bool {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	return "turn:" + address
}

// A coturn with the server's secret takes the credentials that peers are told.
func TestCoturn(t *testing.T) {
	t.Parallel()
	program := program(t)
	const secret = "0123456789abcdef0123456789abcdef"
	url := coturn(t, secret)
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, page := serveProcess(t, program, "serve", "--ice-server", url+"?transport=udp", "--turn-secret-file", file)
	w := worldAt(t, page)
	w.newConnection = func(c webrtc.Configuration) (*webrtc.PeerConnection, error) {
		c.ICETransportPolicy = webrtc.ICETransportPolicyRelay
		return peer.NewPeerConnection(c)
	}
	a, b := w.native("turn", "", true), w.native("turn", "", true)
	awaitChannels(t, 1, a, b)
	talk(t, "hello", a, b)
	b.isRelayed()
}
