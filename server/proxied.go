package main

import (
	"net"
	"time"

	"github.com/pires/go-proxyproto"
	"github.com/urfave/cli/v3"
)

// proxied returns a listener whose connections tell who the client is, if a proxy says
// so before anything else (https://www.haproxy.org/download/3.2/doc/proxy-protocol.txt).
// Then all must: who may leave it out may as well make it up.
func proxied(c *cli.Command, l net.Listener) net.Listener {
	if !c.Bool("proxy-protocol") {
		return l
	}
	return requireProxy(l)
}

func requireProxy(l net.Listener) net.Listener {
	return &proxyproto.Listener{
		Listener:          l,
		ReadHeaderTimeout: 5 * time.Second,
		ConnPolicy: func(proxyproto.ConnPolicyOptions) (proxyproto.Policy, error) {
			return proxyproto.REQUIRE, nil
		},
	}
}
