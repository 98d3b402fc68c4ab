package web

import (
	"strconv"
	"strings"
)

const identity = "identity"

// negotiate picks the content coding for a response (RFC 9110, section 12.5.3): of
// those offered, the one with the highest weight in the Accept-Encoding header; among
// equals the earliest offered. It returns identity when nothing offered is acceptable.
func negotiate(header, offered []string) string {
	asked := weights(strings.Join(header, ","))
	best, bestWeight := identity, 0.0
	for _, coding := range offered {
		if w := weigh(asked, coding); w > bestWeight {
			best, bestWeight = coding, w
		}
	}
	return best
}

// weigh returns the weight of a coding: its own, else that of "*", else 0. Identity is
// acceptable unless excluded, but every coding that was asked for comes before it.
func weigh(asked map[string]float64, coding string) float64 {
	if w, ok := asked[coding]; ok {
		return w
	}
	if coding == identity {
		return 0
	}
	return asked["*"]
}

// weights parses an Accept-Encoding header. A coding with a malformed weight gets 0.
func weights(header string) map[string]float64 {
	asked := make(map[string]float64)
	for item := range strings.SplitSeq(header, ",") {
		coding, parameters, _ := strings.Cut(item, ";")
		coding = strings.ToLower(strings.TrimSpace(coding))
		if coding == "x-gzip" {
			coding = "gzip"
		}
		if coding != "" {
			asked[coding] = weight(parameters)
		}
	}
	return asked
}

func weight(parameters string) float64 {
	name, value, found := strings.Cut(strings.TrimSpace(parameters), "=")
	if !found && name == "" {
		return 1
	}
	w, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if !strings.EqualFold(strings.TrimSpace(name), "q") || err != nil || !(0 <= w && w <= 1) {
		return 0
	}
	return w
}
