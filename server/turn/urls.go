package turn

import (
	"net"
	"strconv"
)

// Port returns the port at which it listens.
func (s *Server) Port() int { return int(addrPort(s.listener.Addr()).Port()) }

// STUN returns the URLs of the server for those who have no credentials.
func (s *Server) STUN() []string { return s.urls("stun", "", "") }

// TURN returns the URLs of the server for those who have credentials. host is the name in
// the certificate; empty: the public addresses are.
func (s *Server) TURN(host string) []string {
	urls := append(s.urls("turn", "", "?transport=udp"), s.urls("turn", "", "?transport=tcp")...)
	if s.config.TLS != nil {
		urls = append(urls, s.urls("turns", host, "?transport=tcp")...)
	}
	return urls
}

// urls returns a URL for a host, or for each public address if it is empty.
func (s *Server) urls(scheme, host, query string) (urls []string) {
	hosts := []string{host}
	if host == "" {
		hosts = nil
		for _, ip := range s.config.PublicIPs {
			hosts = append(hosts, ip.String())
		}
	}
	for _, host := range hosts {
		urls = append(urls, scheme+":"+net.JoinHostPort(host, strconv.Itoa(s.Port()))+query)
	}
	return urls
}
