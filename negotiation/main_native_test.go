//go:build !js

package negotiation

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.Cleanup(conclude)) }

// fellShort is what `make explore` ends with, unless there is nothing.
var fellShort struct {
	sync.Mutex
	what []string
}

// conclude cleans up, and prints the last line of `make explore`.
func conclude(code int) {
	if browserTestsIn != "" {
		_ = os.RemoveAll(browserTestsIn)
	}
	if *explore == "full" {
		switch {
		case len(fellShort.what) > 0:
			fmt.Println("explore:", strings.Join(fellShort.what, ", "))
		case code != 0:
			fmt.Println("explore: failed, see above")
		default:
			fmt.Println("explore: OK")
		}
	}
	os.Exit(code)
}

// report is a line of `make explore`.
func report(t *testing.T, short bool, format string, args ...any) {
	t.Helper()
	line := fmt.Sprintf(format, args...)
	if *explore == "full" {
		fmt.Println(line)
	} else {
		t.Log(line)
	}
	if short {
		fellShort.Lock()
		fellShort.what = append(fellShort.what, strings.Join(strings.Fields(line), " "))
		fellShort.Unlock()
	}
}
