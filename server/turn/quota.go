package turn

import (
	"net/netip"
	"time"

	"golang.org/x/time/rate"

	"perfect-negotiation/server/address"
)

// Limit is what one id, one address, or all clients together may have. Zero stands for
// the default.
type Limit struct {
	Allocations int
	Bytes       int // a second that are relayed, in each direction
}

func (l Limit) or(d Limit) Limit {
	if l.Allocations <= 0 {
		l.Allocations = d.Allocations
	}
	if l.Bytes <= 0 {
		l.Bytes = d.Bytes
	}
	return l
}

// holder says whose an account is: an id, else an address, else all clients.
type holder struct {
	id      string
	address netip.Addr
}

// account is what a holder has. The server's lock guards allocations.
type account struct {
	limit       Limit
	allocations int
	out, in     *rate.Limiter // bytes from and to the client
}

// accounts are those of holders that have allocations, or had some lately. The server's
// lock guards them.
type accounts map[holder]*account

// of returns the account of a holder, a new one if need be.
func (all accounts) of(h holder, l Limit) *account {
	a := all[h]
	if a == nil {
		burst := max(l.Bytes, 2*maxPacket)
		a = &account{limit: l, out: rate.NewLimiter(rate.Limit(l.Bytes), burst), in: rate.NewLimiter(rate.Limit(l.Bytes), burst)}
		all[h] = a
	}
	return a
}

// forget drops the account of a holder that has no allocation, and has used nothing of
// its bandwidth lately, so that a new account is no gain. It reports whether that is so.
func (all accounts) forget(h holder, now time.Time) bool {
	a := all[h]
	if a == nil || a.allocations > 0 {
		return true
	}
	full := float64(a.out.Burst())
	if a.out.TokensAt(now) < full || a.in.TokensAt(now) < full {
		return false
	}
	delete(all, h)
	return true
}

// holders returns whose accounts an allocation counts for.
func (s *Server) holders(id string, client netip.Addr) [3]holder {
	return [3]holder{{id: id}, {address: address.Account(client)}, {}}
}

// limits returns the limits of holders, in their order.
func (s *Server) limits() [3]Limit {
	return [3]Limit{s.config.PerID, s.config.PerAddress, s.config.InAll}
}

// reserve counts a new allocation of a client, unless that is too much for one of its
// accounts. The caller holds the lock.
func (s *Server) reserve(id string, c client) *allocation {
	a := &allocation{id: id, client: c, holders: s.holders(id, c.address.Addr()), peers: map[netip.Addr]bool{}}
	limits := s.limits()
	for i, h := range a.holders {
		if held := s.accounts[h]; held != nil && held.allocations >= limits[i].Allocations {
			return nil
		}
	}
	for i, h := range a.holders {
		a.accounts[i] = s.accounts.of(h, limits[i])
		a.accounts[i].allocations++
	}
	return a
}

// release takes back what reserve has counted. The caller holds the lock.
func (s *Server) release(a *allocation) {
	for i, h := range a.holders {
		a.accounts[i].allocations--
		if !s.accounts.forget(h, time.Now()) {
			s.former[h] = true
		}
	}
}

// forgetFormer drops accounts that are not needed any more. The caller holds the lock.
func (s *Server) forgetFormer(now time.Time) {
	for h := range s.former {
		if s.accounts.forget(h, now) {
			delete(s.former, h)
		}
	}
}

// take reports whether the bandwidth of a client allows for so many bytes more.
func (a *allocation) take(bytes int, of func(*account) *rate.Limiter) bool {
	now := time.Now()
	for _, account := range a.accounts {
		if !of(account).AllowN(now, bytes) {
			return false
		}
	}
	return true
}

func outgoing(a *account) *rate.Limiter { return a.out }
func incoming(a *account) *rate.Limiter { return a.in }
