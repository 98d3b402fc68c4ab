package turn

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"testing"

	"github.com/pion/stun/v4"

	"perfect-negotiation/server/certs"
)

// Clients reach each other's allocations, whatever way they come themselves.
func TestRelays(t *testing.T) {
	certificate, err := certs.SelfSigned(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, Config{TLS: &tls.Config{Certificates: []tls.Certificate{certificate}}})
	for _, over := range []string{"udp", "tcp", "tls"} {
		t.Run(over, func(t *testing.T) {
			_, a := s.must(t, over, "a")
			_, b := s.must(t, "udp", "b")
			reach(t, a, b)
		})
	}
}

// reach checks that two allocations hear each other.
func reach(t testing.TB, a, b net.PacketConn) {
	t.Helper()
	buffer := make([]byte, maxPacket)
	if _, err := b.WriteTo(nil, a.LocalAddr()); err != nil { // a permission for a
		t.Fatal(err)
	}
	for i := range 3 { // over a permission, then over channels
		hello := []byte(fmt.Sprint("hello ", i))
		for _, way := range [][2]net.PacketConn{{a, b}, {b, a}} {
			if _, err := way[0].WriteTo(hello, way[1].LocalAddr()); err != nil {
				t.Fatal(err)
			}
			n, from, err := way[1].ReadFrom(buffer)
			for err == nil && n == 0 {
				n, from, err = way[1].ReadFrom(buffer)
			}
			if err != nil || !bytes.Equal(buffer[:n], hello) || from.String() != way[0].LocalAddr().String() {
				t.Fatalf("%q from %s, %v", buffer[:n], from, err)
			}
		}
	}
}

// A server behind a NAT, and one of IPv6, relay between their clients just as well.
func TestRelaysFrom(t *testing.T) {
	for name, config := range map[string]Config{
		"behind a NAT": {Address: "127.0.0.1:0", PublicIPs: []netip.Addr{netip.MustParseAddr("203.0.113.5")}},
		"IPv6":         {Address: "[::1]:0", PublicIPs: []netip.Addr{netip.IPv6Loopback()}},
	} {
		t.Run(name, func(t *testing.T) {
			if probe, err := net.ListenPacket("udp", config.Address); err != nil {
				t.Skip("this machine has none: ", err)
			} else if err := probe.Close(); err != nil {
				t.Fatal(err)
			}
			s := serve(t, config)
			_, a := s.must(t, "udp", "a")
			_, b := s.must(t, "tcp", "b")
			if at := addrPort(a.LocalAddr()); at.Addr() != config.PublicIPs[0] {
				t.Errorf("it is told %s", at)
			}
			reach(t, a, b)

			local := s.public[addrPort(a.LocalAddr())].local
			service, err := net.ListenPacket("udp", netip.AddrPortFrom(local.Addr(), 0).String())
			if err != nil {
				t.Fatal(err)
			}
			defer service.Close()
			dropped := s.Stats().Dropped
			if _, err := service.WriteTo([]byte("attack"), net.UDPAddrFromAddrPort(local)); err != nil {
				t.Fatal(err)
			}
			await(t, "what comes from this machine is dropped", func() bool { return s.Stats().Dropped == dropped+1 })
			to := netip.AddrPortFrom(config.PublicIPs[0], addrPort(service.LocalAddr()).Port())
			if _, err := a.WriteTo([]byte("attack"), net.UDPAddrFromAddrPort(to)); err != nil {
				t.Fatal(err)
			}
			await(t, "what goes to it, too", func() bool { return s.Stats().Dropped == dropped+2 })
		})
	}
}

// STUN answers everybody.
func TestSTUN(t *testing.T) {
	s := serve(t, Config{})
	a := s.ask(t, "a")
	var mapped stun.XORMappedAddress
	if err := mapped.GetFrom(a.exchange(stun.BindingRequest)); err != nil || mapped.String() != a.conn.LocalAddr().String() {
		t.Errorf("%s, %v", mapped, err)
	}
}

// Only UDP is relayed, from ports that the server chooses.
func TestOnlyUDPIsRelayed(t *testing.T) {
	s := serve(t, Config{})
	evenPort := stun.RawAttribute{Type: stun.AttrEvenPort, Value: []byte{0x80}}
	for name, row := range map[string]struct {
		attributes []stun.Setter
		want       int
	}{
		"TCP":          {[]stun.Setter{transport(6)}, 508},
		"an even port": {[]stun.Setter{transport(17), evenPort}, 508},
		"IPv6":         {[]stun.Setter{transport(17), stun.RawAttribute{Type: stun.AttrRequestedAddressFamily, Value: []byte{2, 0, 0, 0}}}, 508},
		"SCTP":         {[]stun.Setter{transport(132)}, 442},
	} {
		if code := s.ask(t, "a").request(stun.MethodAllocate, row.attributes...); code != row.want {
			t.Errorf("%s: %d", name, code)
		}
	}
	a := s.ask(t, "a")
	if code := a.request(stun.MethodAllocate, transport(17)); code != 0 {
		t.Fatal(code)
	}
	if code := a.request(stun.MethodConnect, peerAt("127.0.0.1:9")); code != 447 {
		t.Errorf("a connection: %d", code)
	}
	if got := s.Stats(); got.Allocations != 1 || len(s.clients) != 1 || s.accounts[holder{}].allocations != 1 {
		t.Errorf("%+v, %d clients", got, len(s.clients))
	}
}
