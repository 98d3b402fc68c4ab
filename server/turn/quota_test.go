package turn

import (
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

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
