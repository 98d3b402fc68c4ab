package webapi

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain looks for goroutines and JavaScript functions that are left. In a browser one
// goroutine waits for the next event: a handler that waited instead would stop all tests.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("runtime.handleEvent"), goleak.Cleanup(func(code int) {
		if n := Live(); n > 0 && code == 0 {
			fmt.Fprintf(os.Stderr, "%d functions were not released\n", n)
			code = 1
		}
		os.Exit(code)
	}))
}
