package certs

import (
	"crypto/tls"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/crypto/acme"
)

// Served notes the certificates that clients are shown. Its zero value has none; its
// methods may be called from any goroutine.
type Served struct {
	mu    sync.Mutex
	until map[string]time.Time // by names
}

// Watch has the certificates of a configuration be noted: those that it has already, and
// those that it gets for clients, but for the answers to an authority's checks.
func (s *Served) Watch(config *tls.Config) {
	for _, c := range config.Certificates {
		s.note(&c)
	}
	next := config.GetCertificate
	if next == nil {
		return
	}
	config.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		c, err := next(hello)
		if err == nil && !slices.Contains(hello.SupportedProtos, acme.ALPNProto) {
			s.note(c)
		}
		return c, err
	}
}

func (s *Served) note(c *tls.Certificate) {
	if c == nil || c.Leaf == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.until == nil {
		s.until = map[string]time.Time{}
	}
	s.until[Names(*c)] = c.Leaf.NotAfter
}

// Until returns when the certificates end that were shown last, by their names.
func (s *Served) Until() map[string]time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.until)
}
