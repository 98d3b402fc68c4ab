package turn

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

// There are no permissions for what is not of the public internet, nor for this machine.
func TestPeersAreDenied(t *testing.T) {
	s := serve(t, Config{})
	a := s.ask(t, "a")
	if code := a.request(stun.MethodAllocate, transport(17)); code != 0 {
		t.Fatal(code)
	}
	peers := map[string]int{
		"10.0.0.1:9": 403, "0.0.0.0:9": 403, "127.0.0.2:9": 403, "169.254.169.254:80": 403, "100.64.0.1:9": 403,
		"[::ffff:10.0.0.1]:9": 403, "[::ffff:8.8.8.8]:9": 403, "[::1]:9": 443, "255.255.255.255:9": 403,
		"127.0.0.1:9": 0, // the address of other allocations
		"8.8.8.8:9":   0, // nothing is sent there
	}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range addresses {
		if ip := netip.MustParsePrefix(address.String()).Addr(); ip.Is4() && ip != loopback {
			peers[netip.AddrPortFrom(ip, 9).String()] = 403
		}
	}
	for peer, want := range peers {
		if code := a.request(stun.MethodCreatePermission, peerAt(peer)); code != want {
			t.Errorf("permission for %s: %d", peer, code)
		}
		if want == 403 {
			want = 401 // so pion has it
		}
		if code := a.request(stun.MethodChannelBind, channel(len(peer)), peerAt(peer)); code != want {
			t.Errorf("channel to %s: %d", peer, code)
		}
	}
}

// A client reaches nothing on this machine but other allocations, and nothing on this
// machine but other allocations reaches it.
func TestOwnAddressesAreGuarded(t *testing.T) {
	s := serve(t, Config{})
	service, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer service.Close()
	_, a := s.must(t, "udp", "a")
	if _, err := a.WriteTo([]byte("attack"), service.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	await(t, "it is dropped", func() bool { return s.Stats().Dropped == 1 })
	if _, err := service.WriteTo([]byte("attack"), a.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	await(t, "so is what comes from there", func() bool { return s.Stats().Dropped == 2 })
	_ = service.SetReadDeadline(time.Now()) // what has been sent on loopback is there
	if n, _, err := service.ReadFrom(make([]byte, 9)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the service has got %d bytes, %v", n, err)
	}

	_, b := s.must(t, "udp", "b")
	port := b.LocalAddr()
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	await(t, "it is freed", func() bool { return s.Stats().Allocations == 1 })
	former, err := net.ListenPacket("udp4", port.String())
	if err != nil {
		t.Fatal(err)
	}
	defer former.Close()
	if _, err := a.WriteTo([]byte("attack"), port); err != nil {
		t.Fatal(err)
	}
	await(t, "an allocation of old counts no more", func() bool { return s.Stats().Dropped == 3 })
}

// An allocation has so many permissions and channels, and can renew those that it has.
func TestPermissionsAreBounded(t *testing.T) {
	s := serve(t, Config{})
	a := s.ask(t, "a")
	if code := a.request(stun.MethodAllocate, transport(17)); code != 0 {
		t.Fatal(code)
	}
	peer := func(n int) stun.Setter { return peerAt(fmt.Sprintf("8.8.%d.%d:9", n>>8, n&255)) }
	for n := range maxPeers {
		if code := a.request(stun.MethodCreatePermission, peer(n)); code != 0 {
			t.Fatalf("permission %d: %d", n, code)
		}
	}
	if code := a.request(stun.MethodCreatePermission, peer(maxPeers)); code != 403 {
		t.Errorf("a further one: %d", code)
	}
	if code := a.request(stun.MethodCreatePermission, peer(0)); code != 0 {
		t.Errorf("the first one again: %d", code)
	}
	for n := range maxPeers {
		if code := a.request(stun.MethodChannelBind, channel(n), peerAt(fmt.Sprintf("8.8.0.0:%d", n+1))); code != 0 {
			t.Fatalf("channel %d: %d", n, code)
		}
	}
	if code := a.request(stun.MethodChannelBind, channel(maxPeers), peerAt("8.8.0.0:999")); code != 401 {
		t.Errorf("a further channel: %d", code)
	}
}
