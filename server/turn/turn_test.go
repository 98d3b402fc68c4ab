package turn

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

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

// Whose credentials are expired or made up gets no allocation.
func TestCredentialsAreRefused(t *testing.T) {
	s := serve(t, Config{})
	for name, change := range map[string]func(*asker){
		"expired":      func(a *asker) { a.name, a.password = s.config.Secret.Credentials("a", time.Now().Add(-time.Second)) },
		"prolonged":    func(a *asker) { a.name, _ = s.config.Secret.Credentials("a", time.Now().Add(2*time.Hour)) },
		"of another":   func(a *asker) { a.name, _ = s.config.Secret.Credentials("b", time.Now().Add(time.Hour)) },
		"other secret": func(a *asker) { a.name, a.password = NewSecret().Credentials("a", time.Now().Add(time.Hour)) },
		"no name":      func(a *asker) { a.name = "a" },
	} {
		a := s.ask(t, "a")
		change(a)
		if code := a.request(stun.MethodAllocate, transport(17)); code != 401 {
			t.Errorf("%s: %d", name, code)
		}
	}
	got := s.Stats()
	if got.Rejects[RejectExpired] != 1 || got.Rejects[RejectForged] != 4 || got.Allocations != 0 {
		t.Errorf("%+v", got)
	}
	if code := s.ask(t, "a").request(stun.MethodAllocate, transport(17)); code != 0 {
		t.Errorf("good ones are refused with %d", code)
	}
}

// An allocation outlives its credentials: it is refreshed, and has new permissions.
func TestAllocationsOutliveCredentials(t *testing.T) {
	s := serve(t, Config{AllocationLifetime: 2 * time.Second}) // the client refreshes it after half of that
	expires := time.Now().Add(2 * time.Second)
	c, relay, err := s.allocate(t, "udp", "a", expires)
	if err != nil {
		t.Fatal(err)
	}
	await(t, "it is refreshed often", func() bool { return s.Stats().Refreshes >= 3 })
	if time.Now().Before(expires) {
		t.Fatal("the credentials have not expired")
	}
	if _, _, err := s.allocate(t, "udp", "a", expires); err == nil {
		t.Error("they are good for another one")
	}
	_, other := s.must(t, "udp", "b")
	if err := c.CreatePermission(other.LocalAddr()); err != nil {
		t.Error(err)
	}
	if _, err := relay.WriteTo([]byte("late"), other.LocalAddr()); err != nil || s.Stats().Allocations != 2 {
		t.Errorf("%v, %+v", err, s.Stats())
	}
}

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

// An id, an address and all together have a quota, which is free again after use.
func TestQuotas(t *testing.T) {
	for name, config := range map[string]Config{
		"by id":      {PerID: Limit{Allocations: 2}},
		"by address": {PerAddress: Limit{Allocations: 2}},
		"in all":     {InAll: Limit{Allocations: 2}},
		"by ports":   {MinPort: 40_000, MaxPort: 40_001},
	} {
		t.Run(name, func(t *testing.T) {
			s, want := serve(t, config), 486
			if config.MinPort > 0 {
				want = 508
			}
			id := func(n int) string {
				if name == "by id" {
					return "the same"
				}
				return fmt.Sprint(n)
			}
			first := s.ask(t, id(0))
			for i, a := range []*asker{first, s.ask(t, id(1))} {
				if code := a.request(stun.MethodAllocate, transport(17)); code != 0 {
					t.Fatalf("%d: %d", i, code)
				}
			}
			third := s.ask(t, id(2))
			for range 3 {
				if code := third.request(stun.MethodAllocate, transport(17)); code != want {
					t.Errorf("a third one: %d", code)
				}
			}
			if name == "by id" {
				if code := s.ask(t, "another").request(stun.MethodAllocate, transport(17)); code != 0 {
					t.Errorf("another id: %d", code)
				}
			}
			if code := first.request(stun.MethodRefresh, stun.RawAttribute{Type: stun.AttrLifetime, Value: make([]byte, 4)}); code != 0 {
				t.Fatal(code)
			}
			if code := third.request(stun.MethodAllocate, transport(17)); code != 0 {
				t.Errorf("when there is a place: %d", code)
			}
		})
	}
}

// Clients that come, send and go at once, over UDP and TCP, leave nothing behind.
func TestChurn(t *testing.T) {
	s := serve(t, Config{})
	t.Run("clients", func(t *testing.T) {
		for n := range 8 {
			t.Run(fmt.Sprint(n), func(t *testing.T) {
				t.Parallel()
				over := []string{"udp", "tcp"}[n%2]
				for range 10 {
					_, a := s.must(t, over, fmt.Sprint("a", n))
					_, b := s.must(t, over, "b") // one id for all
					reach(t, a, b)
					if err := errors.Join(a.Close(), b.Close()); err != nil {
						t.Error(err)
					}
				}
			})
		}
	})
	await(t, "nothing is left", func() bool {
		s.mu.RLock()
		defer s.mu.RUnlock()
		for h, account := range s.accounts {
			if account.allocations > 0 || !s.former[h] {
				return false
			}
		}
		return len(s.clients) == 0 && len(s.public) == 0 && len(s.local) == 0
	})
	if got := s.Stats().AllocationsTotal; got != 160 {
		t.Errorf("%d allocations", got)
	}
}

// A server that is closed ends what its clients have.
func TestClose(t *testing.T) {
	s := serve(t, Config{})
	_, a := s.must(t, "udp", "a")
	_, b := s.must(t, "tcp", "b")
	idle, err := net.Dial("tcp", s.address())
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	reach(t, a, b)
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if got := s.Stats().Allocations; got != 0 {
		t.Errorf("%d allocations are left", got)
	}
	_ = idle.SetReadDeadline(time.Now().Add(patience)) // never fails
	if _, err := idle.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a connection ends with %v", err)
	}
}

// Accounts of clients that are gone are forgotten, once that is no gain for them.
func TestAccountsAreForgotten(t *testing.T) {
	s := serve(t, Config{PerID: Limit{Bytes: 10_000}})
	_, a := s.must(t, "udp", "a")
	_, b := s.must(t, "udp", "b")
	if _, err := a.WriteTo(make([]byte, 1000), b.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	await(t, "it is relayed", func() bool { return s.Stats().SentBytes == 1000 })
	for _, relay := range []net.PacketConn{a, b} {
		if err := relay.Close(); err != nil {
			t.Fatal(err)
		}
	}
	count := func() int {
		s.mu.RLock()
		defer s.mu.RUnlock()
		return len(s.accounts)
	}
	await(t, "only who has used something is remembered", func() bool { return s.Stats().Allocations == 0 && count() > 0 && s.accounts[holder{id: "a"}] != nil })
	s.mu.Lock()
	s.forgetFormer(time.Now().Add(time.Minute))
	s.mu.Unlock()
	if count() != 0 || len(s.former) != 0 {
		t.Errorf("%d accounts are left, %d to be forgotten", count(), len(s.former))
	}
}

// What is beyond a bandwidth is lost, whoever it is that has it.
func TestBandwidth(t *testing.T) {
	for name, config := range map[string]Config{
		"by id":      {PerID: Limit{Bytes: 10_000}},
		"by address": {PerAddress: Limit{Bytes: 10_000}},
		"in all":     {InAll: Limit{Bytes: 10_000}},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, config)
			_, a := s.must(t, "udp", "a")
			_, b := s.must(t, "udp", "b")
			const packets = 40
			for range packets {
				if _, err := a.WriteTo(make([]byte, 1000), b.LocalAddr()); err != nil {
					t.Fatal(err)
				}
			}
			await(t, "all are relayed or dropped", func() bool { return s.Stats().SentBytes/1000+s.Stats().Dropped >= packets })
			if sent := s.Stats().SentBytes; sent < 9000 || sent > 30_000 {
				t.Errorf("%d bytes are sent", sent)
			}
		})
	}
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

// Connections of those who want no allocation are closed, as are those that speak something
// else.
func TestConnectionsEnd(t *testing.T) {
	s := serve(t, Config{idle: 200 * time.Millisecond})
	_, relay := s.must(t, "tcp", "a")
	for name, text := range map[string]string{
		"silence":              "",
		"HTTP":                 "GET / HTTP/1.1\r\n\r\n",
		"TLS":                  "\x16\x03\x01\x00\x05hello",
		"a part of a message":  "\x00\x01\x00\x08\x21\x12\xa4\x42",
		"too large a message":  "\x00\x01\xff\xfc\x21\x12\xa4\x42" + strings.Repeat("x", 3000),
		"too much for channel": "\x40\x00\xff\xff" + strings.Repeat("x", 3000),
		"a channel of nobody":  "\x40\x00\x00\x04abcd",
	} {
		conn, err := net.Dial("tcp", s.address())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(patience)) // never fails
		if _, err := conn.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if n, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: %d, %v", name, n, err)
		}
	}
	s.listener.mu.Lock()
	open := len(s.listener.conns)
	s.listener.mu.Unlock()
	if open > 1 {
		await(t, "only the one with an allocation is left", func() bool {
			s.listener.mu.Lock()
			defer s.listener.mu.Unlock()
			return len(s.listener.conns) == 1 && len(s.listener.of) == 1
		})
	}
	_, other := s.must(t, "udp", "b")
	if _, err := relay.WriteTo([]byte("still here"), other.LocalAddr()); err != nil {
		t.Error(err)
	}
}

// An address has so many connections.
func TestConnectionsAreBounded(t *testing.T) {
	s := serve(t, Config{PerAddress: Limit{Allocations: 1}})
	for range 1 + sparePerAddress {
		conn, err := net.Dial("tcp", s.address())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	conn, err := net.Dial("tcp", s.address())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience)) // never fails
	if _, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a further one: %v", err)
	}
	if got := s.Stats().Rejects[RejectConnections]; got != 1 {
		t.Errorf("%d are counted", got)
	}
}

// So has it in a second.
func TestConnectionsArePaced(t *testing.T) {
	s := serve(t, Config{})
	for range 2 * connectsAtOnce {
		conn, err := net.Dial("tcp", s.address())
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.Close()
	}
	await(t, "some are refused", func() bool { return s.Stats().Rejects[RejectConnections] > 0 })
}

// Strangers are answered at a pace, and do not slow those down who have an allocation.
func TestStrangersArePaced(t *testing.T) {
	s := serve(t, Config{})
	member := s.ask(t, "a")
	if code := member.request(stun.MethodAllocate, transport(17)); code != 0 {
		t.Fatal(code)
	}
	stranger := s.ask(t, "b")
	request := stun.MustBuild(stun.TransactionID, stun.BindingRequest)
	await(t, "some are dropped", func() bool {
		for range strangersAtOnce { // some may be lost before the server reads them
			if _, err := stranger.conn.Write(request.Raw); err != nil {
				t.Fatal(err)
			}
		}
		return s.Stats().Rejects[RejectPace] > 0
	})
	for range 2 * strangersAtOnce {
		if code := member.request(stun.MethodRefresh); code != 0 {
			t.Fatal(code)
		}
	}
}

// The URLs are those that a browser takes.
func TestURLs(t *testing.T) {
	s := serve(t, Config{TLS: &tls.Config{}})
	s.config.PublicIPs = append(s.config.PublicIPs, netip.MustParseAddr("2001:db8::1"))
	got := append(s.STUN(), s.TURN("example.org")...)
	want := []string{
		"stun:127.0.0.1:PORT", "stun:[2001:db8::1]:PORT",
		"turn:127.0.0.1:PORT?transport=udp", "turn:[2001:db8::1]:PORT?transport=udp",
		"turn:127.0.0.1:PORT?transport=tcp", "turn:[2001:db8::1]:PORT?transport=tcp",
		"turns:example.org:PORT?transport=tcp",
	}
	for i, url := range want {
		want[i] = strings.ReplaceAll(url, "PORT", fmt.Sprint(s.Port()))
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// A server says what is wrong with its configuration.
func TestConfigIsChecked(t *testing.T) {
	ip, secret := []netip.Addr{loopback}, NewSecret()
	for words, config := range map[string]Config{
		"no public address": {Secret: secret},
		"no secret":         {PublicIPs: ip},
		"one public":        {PublicIPs: append(ip, netip.MustParseAddr("127.0.0.2")), Secret: secret},
		"no address at":     {PublicIPs: []netip.Addr{netip.IPv4Unspecified()}, Secret: secret},
		"no range":          {PublicIPs: ip, Secret: secret, MinPort: 2, MaxPort: 1},
		"listen":            {PublicIPs: ip, Secret: secret, Address: "127.0.0.1:x"},
	} {
		if s, err := New(config); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v, %v", words, s, err)
		}
	}
}
