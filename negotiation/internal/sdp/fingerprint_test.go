package sdp

import (
	"strings"
	"testing"
)

// TestFingerprint has those of RFC 8122, section 5, and near misses.
func TestFingerprint(t *testing.T) {
	good := strings.Repeat("A1:", 31) + "b2"
	for _, row := range []struct {
		value string
		ok    bool
	}{
		{"sha-256 " + good, true},
		{"SHA-256 " + good, true},
		{"sha-1 " + good, false},
		{"sha-3 " + good, false},
		{"sha-256", false},
		{"sha-256 " + good[3:], false},
		{"sha-256 " + good + ":00", false},
		{"sha-256 " + good + ":", false},
		{"sha-256 " + strings.ReplaceAll(good, ":", ""), false},
		{"sha-256 A:1A1:" + good[6:], false},
		{"sha-256 +1:" + good[3:], false},
		{"sha-256 G1:" + good[3:], false},
	} {
		if err := checkFingerprint(row.value); (err == nil) != row.ok {
			t.Errorf("%q: %v", row.value, err)
		}
	}
}
