//go:build !js

package peer

import (
	"context"
	"crypto/tls"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/pion/stun/v4"

	"perfect-negotiation/negotiation/internal/trust"
)

// turnTimeout bounds a connect to a TURN server over TCP, its TLS included.
const turnTimeout = 10 * time.Second

// turnDialer connects pion to TURN servers over TCP and TLS, and trusts Config.CA, for
// which pion has no setting. It is told an address, and not whether the URL is turn: or
// turns:, so where an address has both, both use TLS.
type turnDialer struct {
	tls *tls.Config

	mu     sync.Mutex
	secure []string // addresses that are used over TLS
}

// newTURNDialer returns nil if there is no CA: then pion connects by itself.
func newTURNDialer(ca []byte) (*turnDialer, error) {
	if ca == nil {
		return nil, nil
	}
	pool, err := trust.Pool(ca)
	return &turnDialer{tls: &tls.Config{RootCAs: pool}}, err
}

// use has it know the ICE servers that are used from now on.
func (d *turnDialer) use(list iceServers) {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.secure = nil
	for _, server := range list {
		for _, url := range server.URLs {
			if u, err := stun.ParseURI(url); err == nil && u.Scheme == stun.SchemeTypeTURNS {
				d.secure = append(d.secure, net.JoinHostPort(u.Host, strconv.Itoa(u.Port)))
			}
		}
	}
}

// Dial implements [golang.org/x/net/proxy.Dialer].
func (d *turnDialer) Dial(network, address string) (net.Conn, error) {
	d.mu.Lock()
	secure := slices.Contains(d.secure, address)
	d.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), turnTimeout)
	defer cancel()
	if !secure {
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	return (&tls.Dialer{Config: d.tls}).DialContext(ctx, network, address) // for the host in address
}
