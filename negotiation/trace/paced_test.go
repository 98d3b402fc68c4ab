package trace

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// However many lines come, few are written, and the others are counted.
func TestPaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		p := PacedWriter(20, &log)
		const lines, seconds = 8000, 8
		for n := range lines {
			fmt.Fprintf(p, "line %d\x1b\n", n)
			time.Sleep(seconds * time.Second / lines)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		written, counted := 0, 0
		for line := range strings.Lines(log.String()) {
			n := 0
			if _, err := fmt.Sscanf(line, "(%d more lines)\n", &n); err == nil {
				counted += n
				continue
			}
			written++
			if !strings.HasSuffix(line, `\x1b`+"\n") {
				t.Errorf("it writes %q", line)
			}
		}
		if written+counted != lines || written > 20+10*seconds {
			t.Errorf("of %d lines %d are written, and %d counted", lines, written, counted)
		}
		log.Reset()
		for n := range 20 {
			p.Print(fmt.Sprint(n))
		}
		if got := strings.Fields(log.String()); len(got) != 20 || !slices.IsSortedFunc(got, func(a, b string) int { return len(a) - len(b) }) {
			t.Errorf("later lines are %q", got)
		}
	})
}
