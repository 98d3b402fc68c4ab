// Package address tells whose a request is, also behind reverse proxies, so that what
// one client costs can be counted.
package address

import (
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
)

// Resolver finds the address of the client of a request. Its fields must not change
// once it is used. Its methods may be called from any goroutine.
type Resolver struct {
	// Trusted are the networks of reverse proxies whose X-Forwarded-For is believed.
	// That of all others is ignored: anybody can write it.
	Trusted []netip.Prefix
	// Logger is told once that a proxy seems not to be trusted. Nil: nobody is.
	Logger *slog.Logger

	once sync.Once
}

// Of returns the address of the client, or the zero Addr if the request must not be
// counted because many clients may stand behind it.
//
// With trusted proxies that is the rightmost address in X-Forwarded-For that is none
// of theirs: each proxy appends whom it has heard. Without them, a peer on loopback
// that sends the header is a proxy that nobody has told us of. It is not counted: all
// clients would be one.
func (r *Resolver) Of(req *http.Request) netip.Addr {
	peer := parse(req.RemoteAddr)
	forwarded := req.Header.Values("X-Forwarded-For")
	if len(r.Trusted) == 0 {
		if !peer.IsLoopback() || len(forwarded) == 0 {
			return peer
		}
		r.once.Do(func() {
			if r.Logger != nil {
				r.Logger.Warn("requests that a proxy on this machine passes on are not counted by client: start the server with --trusted-proxy "+peer.String(), "proxy", peer)
			}
		})
		return netip.Addr{}
	}
	if !r.trusts(peer) {
		return peer
	}
	client := peer
	for _, entry := range slices.Backward(strings.Split(strings.Join(forwarded, ","), ",")) {
		hop := parse(strings.TrimSpace(entry))
		if !hop.IsValid() {
			break // what is left of it may be made up
		}
		if client = hop; !r.trusts(hop) {
			break
		}
	}
	return client
}

func (r *Resolver) trusts(a netip.Addr) bool {
	return slices.ContainsFunc(r.Trusted, func(p netip.Prefix) bool { return p.Contains(a) })
}

// parse parses an address with or without a port. An IPv4 address that is written as
// IPv6 becomes IPv4 again.
func parse(text string) netip.Addr {
	a, err := netip.ParseAddr(strings.Trim(text, "[]"))
	if err != nil {
		with, err := netip.ParseAddrPort(text)
		if err != nil {
			return netip.Addr{}
		}
		a = with.Addr()
	}
	return a.Unmap().WithZone("")
}

// Account returns the address under which a client is counted: its own, or the first of
// its /64 in IPv6, of which everybody has that many.
func Account(a netip.Addr) netip.Addr {
	if !a.Is6() {
		return a
	}
	network, err := a.Prefix(64)
	if err != nil {
		return a // unreachable: 64 bits is a length of IPv6
	}
	return network.Addr()
}
