//go:build !js

package signaling

import (
	"testing"
	"time"
)

// For at least 10 s no retry is more than 3 s away, so that a restarted relay is
// found soon. Later retries are at least 5 s apart.
func TestBackoff(t *testing.T) {
	for range 100 {
		var total time.Duration
		for failures := range 100 {
			d := backoff(failures)
			if failures < soonTries {
				total += d
			}
			switch {
			case d < minBackoff/2 || d > maxBackoff*3/2:
				t.Fatalf("%v after %d failures", d, failures)
			case failures < soonTries && d > 3*time.Second:
				t.Fatalf("%v after %d failures: a relay that restarted is there since", d, failures)
			case failures >= soonTries && d < maxBackoff/2:
				t.Fatalf("%v after %d failures: the relay is gone", d, failures)
			}
		}
		if total < 10*time.Second {
			t.Fatalf("%v until it is asked for seldom", total)
		}
	}
}
