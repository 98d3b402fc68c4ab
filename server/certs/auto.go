package certs

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

// AutoConfig says whom to ask for which certificates.
type AutoConfig struct {
	Hosts     []string
	Dir       string // where they are kept
	Directory string // URL of the authority's ACME directory; empty: Let's Encrypt
	Email     string // at which the authority reaches the operator; may be empty
}

// Auto are certificates that are fetched when the first client asks for their host, and
// anew 30 days before they end. The authority checks that the host is ours with a TLS
// connection to its port 443 (RFC 8737), or with a request to port 80 (RFC 8555, section
// 8.3) if [Auto.Challenges] is served there.
type Auto struct{ manager *autocert.Manager }

// NewAuto checks the configuration; nothing is fetched yet.
func NewAuto(c AutoConfig) (*Auto, error) {
	for _, host := range c.Hosts {
		if net.ParseIP(host) != nil || !strings.Contains(host, ".") || strings.ContainsAny(host, "*/: ") {
			return nil, fmt.Errorf("%q must be a host's full name, like relay.example.org", host)
		}
	}
	if c.Directory == "" {
		c.Directory = acme.LetsEncryptURL
	}
	if u, err := url.Parse(c.Directory); err != nil || u.Host == "" {
		return nil, fmt.Errorf("the directory %q must be a URL, like %s", c.Directory, acme.LetsEncryptURL)
	}
	return &Auto{&autocert.Manager{
		Prompt:     autocert.AcceptTOS,
		Cache:      autocert.DirCache(c.Dir),
		HostPolicy: autocert.HostWhitelist(c.Hosts...),
		Client:     &acme.Client{DirectoryURL: c.Directory},
		Email:      c.Email,
	}}, nil
}

// TLSConfig returns a configuration that serves the certificates, and the authority's
// checks.
func (a *Auto) TLSConfig() *tls.Config { return a.manager.TLSConfig() }

// Challenges returns a handler of plain HTTP that answers the authority's checks, and
// passes all else on.
func (a *Auto) Challenges(next http.Handler) http.Handler { return a.manager.HTTPHandler(next) }
