package relay

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// originAllowed tells whether the page that makes the request may do so: it
// comes from the host that it asks, or from one of the origins. RFC 6455,
// section 10.2.
func originAllowed(req *http.Request, origins []string) bool {
	for _, origin := range req.Header.Values("Origin") {
		allowed := sameHost(origin, req.Host) || slices.ContainsFunc(origins, func(o string) bool {
			return o == "*" || strings.EqualFold(o, origin)
		})
		if !allowed {
			return false
		}
	}
	return true
}

func sameHost(origin, host string) bool {
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, host)
}
