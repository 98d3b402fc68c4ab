package logs_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"perfect-negotiation/server/logs"
)

// text is a log in memory.
type text struct {
	mu sync.Mutex
	b  strings.Builder
}

func (t *text) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.b.Write(p)
}

func (t *text) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.b.String()
}

// However many lines of a kind come, few are written, the others are counted, and those
// of other kinds are not held back.
func TestPaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w text
		l := logs.New(&w, true, slog.LevelInfo)
		const lines, seconds = 8000, 8
		for n := range lines {
			l.With("n", n).WithGroup("g").Info("flood", "secret", "x")
			if n%1000 == 0 {
				l.Warn("flood") // another level
				l.Info("rare", "n", n)
			}
			l.Debug("flood")
			time.Sleep(seconds * time.Second / lines)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		written, omitted, others := 0, 0, map[string]int{}
		for line := range strings.Lines(w.String()) {
			var r struct {
				Level, Msg string
				Omitted    int
			}
			if err := json.Unmarshal([]byte(line), &r); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			switch {
			case r.Level != "INFO" || r.Msg != "flood":
				others[r.Level+" "+r.Msg]++
			case r.Omitted > 0:
				omitted += r.Omitted
			default:
				written++
			}
		}
		if written+omitted != lines || written > 10*(seconds+1) || omitted == 0 {
			t.Errorf("of %d lines %d are written and %d counted", lines, written, omitted)
		}
		if fmt.Sprint(others) != "map[INFO rare:8 WARN flood:8]" {
			t.Errorf("others: %v", others)
		}
	})
}

// Kinds that are not constants do not fill the memory, nor the log.
func TestManyKinds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w text
		l := logs.New(&w, false, slog.LevelInfo)
		for n := range 10_000 {
			l.Info(fmt.Sprint("kind ", n))
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := strings.Count(w.String(), "\n"); n > 250 || !strings.Contains(w.String(), "omitted=97") {
			t.Errorf("%d lines, the last: %s", n, w.String()[max(0, w.b.Len()-200):])
		}
	})
}

// What another program's logger says is one line.
func TestWriter(t *testing.T) {
	var w text
	l := log.New(logs.Writer(logs.New(&w, false, slog.LevelInfo), "http"), "", 0)
	l.Print("first\nsecond")
	if got := w.String(); !strings.HasSuffix(got, ` level=WARN msg=http error="first\nsecond"`+"\n") || strings.Count(got, "\n") != 1 {
		t.Errorf("it writes %q", got)
	}
	if n, err := logs.Writer(logs.New(io.Discard, false, slog.LevelInfo), "http").Write([]byte("abc\n")); n != 4 || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
}
