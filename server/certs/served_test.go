package certs

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"maps"
	"testing"
	"time"

	"golang.org/x/crypto/acme"
)

// What clients were shown last is noted, by its names; an authority's check is none of them.
func TestServed(t *testing.T) {
	ends := func(name string, day int) *tls.Certificate {
		return &tls.Certificate{Leaf: &x509.Certificate{DNSNames: []string{name}, NotAfter: time.Unix(int64(day)*86400, 0)}}
	}
	var served Served
	served.Watch(&tls.Config{Certificates: []tls.Certificate{*ends("own.test", 1)}})
	var next *tls.Certificate
	config := &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		if next == nil {
			return nil, errors.New("none")
		}
		return next, nil
	}}
	served.Watch(config)
	shown := func(c *tls.Certificate, protocols ...string) {
		next = c
		if got, err := config.GetCertificate(&tls.ClientHelloInfo{SupportedProtos: protocols}); got != c || (err == nil) != (c != nil) {
			t.Errorf("a client gets %v, %v", got, err)
		}
	}
	shown(nil)
	shown(ends("a.test", 2))
	shown(ends("b.test", 3), "http/1.1")
	shown(ends("a.test", 4))
	shown(ends("check.test", 5), acme.ALPNProto)
	want := map[string]time.Time{"own.test": time.Unix(86400, 0), "a.test": time.Unix(4*86400, 0), "b.test": time.Unix(3*86400, 0)}
	if got := served.Until(); !maps.EqualFunc(got, want, time.Time.Equal) {
		t.Errorf("noted are %v, want %v", got, want)
	}
}
