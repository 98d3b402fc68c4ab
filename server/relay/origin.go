package relay

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// refusedOrigin returns the origin of the requesting page if that is refused: it
// is neither that of the requested host nor one of origins. If the request's URL says
// https, as a server writes there that knows it, the page's must, too. RFC 6455, section
// 10.2.
func refusedOrigin(req *http.Request, origins []string) (origin string, refused bool) {
	for _, origin := range req.Header.Values("Origin") {
		allowed := sameHost(origin, req) || slices.ContainsFunc(origins, func(o string) bool {
			return o == "*" || strings.EqualFold(o, origin)
		})
		if !allowed {
			return strings.ToValidUTF8(origin[:min(len(origin), maxOrigin)], ""), true
		}
	}
	return "", false
}

func sameHost(origin string, req *http.Request) bool {
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, req.Host) &&
		(req.URL.Scheme != "https" || u.Scheme == "https")
}

// Bounds on what is remembered of refused pages.
const (
	maxStrangers = 100 // origins; none is logged after so many
	maxOrigin    = 200 // bytes of one
)

// strangers are the origins whose pages were refused.
type strangers struct {
	mu    sync.Mutex
	known map[string]bool
}

// add reports whether an origin is new, and must be logged.
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
