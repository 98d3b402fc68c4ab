package site

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"perfect-negotiation/web"
)

// ParsePublic parses the URL at which people reach a server. Its path ends with a slash,
// and its port is left out where that is the usual one. An error completes a sentence.
func ParsePublic(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" ||
		u.User != nil || strings.ContainsAny(text, "?#") || strings.Contains(u.Path, "//") {
		return nil, errors.New("must be a URL of a host, with a path or without, like https://example.org/app/")
	}
	u.Host = strings.ToLower(u.Host)
	if port := u.Port(); port == "" || u.Scheme == "http" && port == "80" || u.Scheme == "https" && port == "443" {
		u.Host = strings.TrimSuffix(u.Host, ":"+port)
	}
	if !strings.HasSuffix(u.Path, "/") {
		u.Path += "/"
	}
	u.RawPath = ""
	return u, nil
}

// public is a server that is known by one URL. It tells those behind it the scheme and
// the host of that in each request, in whose URL servers have none, and takes its path
// away, unless a proxy has done so. Requests for another host are refused, but from those
// who ask whether the server is there: they may do so by its address.
type public struct {
	at   *url.URL
	next http.Handler
}

func (p public) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	base := strings.TrimSuffix(p.at.Path, "/")
	next := p.next
	switch path := req.URL.Path; {
	case base == "":
	case path == base:
		web.Secure(http.RedirectHandler(p.at.String(), http.StatusPermanentRedirect)).ServeHTTP(w, req)
		return
	case strings.HasPrefix(path, base+"/"):
		next = http.StripPrefix(base, next)
	}
	probe := strings.HasSuffix(req.URL.Path, "/healthz") || strings.HasSuffix(req.URL.Path, "/readyz")
	if !probe && !sameHost(req.Host, p.at) {
		http.Error(w, "This server is at "+p.at.String()+". (If that is where you asked for it, the proxy in front of it must pass the Host header on.)", http.StatusMisdirectedRequest)
		return
	}
	known := req.Clone(req.Context())
	known.Host = p.at.Host
	known.URL.Scheme, known.URL.Host = p.at.Scheme, p.at.Host
	next.ServeHTTP(w, known)
}

// sameHost reports whether the Host header of a request names a server, with the usual
// port or without.
func sameHost(host string, at *url.URL) bool {
	u, err := ParsePublic(at.Scheme + "://" + host)
	return err == nil && u.Host == at.Host
}
