package terminal

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"perfect-negotiation/negotiation/trace"
)

// However often another peer repeats something, the log has few lines of it. Chat,
// and the user's own actions, are printed in full.
func TestTheLogHasBounds(t *testing.T) {
	const times = 8000
	for name, row := range map[string]struct {
		kind   trace.Kind
		config Config
		most   int
	}{
		"messages that are refused": {trace.MessageRefused, Config{}, linesAtOnce + 80 + 10},
		"a verbose log":             {trace.MessageDropped, Config{Verbose: true}, verboseLinesAtOnce + 80 + 10},
		"visitors":                  {trace.PeerJoined, Config{}, linesAtOnce + 80 + 10},
		"echoed chat":               {trace.ChatSent, Config{Echo: true}, linesAtOnce + 80 + 10},
		"chat of the user":          {trace.ChatSent, Config{}, times},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				terminal := New(row.config)
				for range times {
					terminal.Trace(trace.Event{Kind: row.kind, Peer: "x"})
					time.Sleep(time.Millisecond)
				}
				time.Sleep(time.Minute)
				synctest.Wait()
				lines := strings.Count(string(terminal.log.text), "\n")
				if lines > row.most || lines < min(row.most, linesAtOnce) {
					t.Errorf("the log has %d lines", lines)
				}
				if counted := strings.Contains(string(terminal.log.text), " more lines)"); counted != (row.most < times) {
					t.Error("it does not say how many are not there, or says so in vain")
				}
			})
		})
	}
}
