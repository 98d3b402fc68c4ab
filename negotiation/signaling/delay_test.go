package signaling

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"perfect-negotiation/negotiation/signaling/wire"
)

// A client waits as long as the relay asks for, within reason, and no less than without
// being asked.
func TestDelay(t *testing.T) {
	asks := func(seconds float64) error {
		return fmt.Errorf("it ended: %w", &wire.Error{Code: wire.CodeShutdown, RetryAfter: seconds})
	}
	const first = minBackoff * 3 / 2
	for _, row := range []struct {
		err         error
		least, most time.Duration
	}{
		{errors.New("the network"), minBackoff / 2, first},
		{asks(0), minBackoff / 2, first},
		{asks(-5), minBackoff / 2, first},
		{asks(0.002), minBackoff / 2, first},
		{asks(7.25), 7250 * time.Millisecond, 7250 * time.Millisecond},
		{asks(1e300), maxRetryAfter, maxRetryAfter},
		{errDialAgain, 0, 0},
	} {
		if d := delay(row.err, 0); d < row.least || d > row.most {
			t.Errorf("after %v it waits for %s", row.err, d)
		}
	}
}
