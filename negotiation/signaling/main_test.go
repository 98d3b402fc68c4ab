package signaling

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain looks for goroutines that are left. In a browser one of them waits for the next
// event: a handler that waited instead would stop all tests.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("runtime.handleEvent"))
}
