package turn

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

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
