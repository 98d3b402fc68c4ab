package relay

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// refusedOrigin returns the origin of the page that makes the request, if it may
// not do so: it comes neither from the host that it asks nor from one of the
// origins. RFC 6455, section 10.2.
func refusedOrigin(req *http.Request, origins []string) (origin string, refused bool) {
	for _, origin := range req.Header.Values("Origin") {
		allowed := sameHost(origin, req.Host) || slices.ContainsFunc(origins, func(o string) bool {
			return o == "*" || strings.EqualFold(o, origin)
		})
		if !allowed {
			return origin, true
		}
	}
	return "", false
}

func sameHost(origin, host string) bool {
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, host)
}

// Bounds of what is remembered of pages that were refused.
const (
	maxStrangers = 100 // origins; none is logged after so many
	maxOrigin    = 200 // bytes of one
)

// strangers are the origins whose pages were refused.
type strangers struct {
	mu    sync.Mutex
	known map[string]bool
}

// add tells whether an origin is new, and to be logged.
func (s *strangers) add(origin string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known[origin] || len(s.known) >= maxStrangers {
		return false
	}
	if s.known == nil {
		s.known = map[string]bool{}
	}
	s.known[origin] = true
	return true
}
