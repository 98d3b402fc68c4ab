//go:build !js

package peer

import (
	"crypto/tls"
	"encoding/pem"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/server/certs"
	"perfect-negotiation/server/turn"
)

// A peer relays over TLS if it trusts the TURN server's certificate, and over TCP in any
// case.
func TestTURNOverTLS(t *testing.T) {
	certificate, err := certs.SelfSigned(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	other, err := certs.SelfSigned(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	secret := turn.NewSecret()
	server, err := turn.New(turn.Config{
		Address: "127.0.0.1:0", PublicIPs: []netip.Addr{netip.MustParseAddr("127.0.0.1")}, Secret: secret,
		TLS: &tls.Config{Certificates: []tls.Certificate{certificate}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	}()
	name, password := secret.Credentials("id", time.Now().Add(time.Hour))
	over := func(scheme string) iceServers {
		for _, url := range server.TURN("") {
			if strings.HasPrefix(url, scheme+":") && strings.HasSuffix(url, "=tcp") {
				return iceServers{wire.ICEServer{URLs: []string{url}, Username: name, Credential: password}}
			}
		}
		t.Fatalf("the server has no %s", scheme)
		return nil
	}
	inPEM := func(c tls.Certificate) []byte {
		return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Leaf.Raw})
	}
	for name, row := range map[string]struct {
		ca      []byte
		scheme  string
		relayed bool
	}{
		"TLS, trusted":         {inPEM(certificate), "turns", true},
		"TLS, with another CA": {inPEM(other), "turns", false},
		"TLS, without a CA":    {nil, "turns", false},
		"TCP, with a CA":       {inPEM(other), "turn", true},
		"TCP, without a CA":    {nil, "turn", true},
	} {
		t.Run(name, func(t *testing.T) {
			dialer, err := newTURNDialer(row.ca)
			if err != nil {
				t.Fatal(err)
			}
			list := over(row.scheme)
			dialer.use(list)
			pc, _, err := guarded(webrtc.Configuration{ICEServers: list.configured(), ICETransportPolicy: webrtc.ICETransportPolicyRelay},
				negotiation.CandidateRules{Loopback: true}, dialer)
			if err != nil {
				t.Fatal(err)
			}
			defer pc.GracefulClose()
			gathered := webrtc.GatheringCompletePromise(pc)
			if _, err := pc.CreateDataChannel("data", nil); err != nil {
				t.Fatal(err)
			}
			offer, err := pc.CreateOffer(nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := pc.SetLocalDescription(offer); err != nil {
				t.Fatal(err)
			}
			<-gathered
			if got := strings.Contains(pc.LocalDescription().SDP, "typ relay"); got != row.relayed {
				t.Errorf("it is relayed: %t", got)
			}
		})
	}
	if _, err := newTURNDialer([]byte("nonsense")); err == nil {
		t.Error("a CA without a certificate is taken")
	}
}
