package main

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"

	"perfect-negotiation/server/address"
)

// visitors bounds how many connections of one address have not become WebSockets: those
// that load the page, idle ones, and those that never finish a request. A further one is
// closed. Behind a proxy this is of no use: its connections are those of all clients.
type visitors struct {
	most    int
	proxies []netip.Prefix

	mu    sync.Mutex
	conns map[net.Conn]netip.Addr
	of    map[netip.Addr]int
}

func newVisitors(most int, proxies []netip.Prefix) *visitors {
	return &visitors{most: most, proxies: proxies, conns: map[net.Conn]netip.Addr{}, of: map[netip.Addr]int{}}
}

// state is the ConnState of a server.
func (v *visitors) state(c net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		if !v.enter(c) {
			_ = c.Close() // the server notices
		}
	case http.StateHijacked, http.StateClosed:
		v.leave(c)
	}
}

func (v *visitors) enter(c net.Conn) bool {
	from, err := netip.ParseAddrPort(c.RemoteAddr().String())
	peer := from.Addr().Unmap().WithZone("")
	if err != nil || slices.ContainsFunc(v.proxies, func(p netip.Prefix) bool { return p.Contains(peer) }) {
		return true
	}
	client := address.Account(peer)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.conns[c] = client
	v.of[client]++
	return v.of[client] <= v.most
}

func (v *visitors) leave(c net.Conn) {
	v.mu.Lock()
	defer v.mu.Unlock()
	client, counted := v.conns[c]
	if !counted {
		return
	}
	delete(v.conns, c)
	if v.of[client]--; v.of[client] == 0 {
		delete(v.of, client)
	}
}
