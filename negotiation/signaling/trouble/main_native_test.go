//go:build !js

package trouble

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain looks for goroutines that are left.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}
