package transporttest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime/pprof"
	"strings"
	"time"

	"perfect-negotiation/negotiation/signaling"
)

const endsWithin = 5 * time.Second // goroutines, after what they serve has ended

// leaves runs f, and returns its error and one for each goroutine that f has begun and
// that does not end. A label tells these from those of other tests.
func leaves(f func() error) (err error) {
	label := signaling.NewKey()
	pprof.Do(context.Background(), pprof.Labels("transporttest", label), func(context.Context) { err = f() })
	var left []string
	for deadline := time.Now().Add(endsWithin); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if left = labelled(label); len(left) == 0 {
			return err
		}
	}
	return errors.Join(err, fmt.Errorf("goroutines are left:\n%s", strings.Join(left, "\n")))
}

// labelled returns the stacks of the goroutines with this label.
func labelled(label string) (stacks []string) {
	var profile bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&profile, 1); err != nil {
		return nil
	}
	for stack := range strings.SplitSeq(profile.String(), "\n\n") {
		if strings.Contains(stack, `"`+label+`"`) {
			stacks = append(stacks, stack)
		}
	}
	return stacks
}
