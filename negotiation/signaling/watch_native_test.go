//go:build !js

package signaling

import (
	"testing"
	"testing/synctest"
	"time"
)

// silentConn is a connection to a relay that has fallen silent.
type silentConn struct{ closed chan struct{} }

func (c silentConn) read() ([]byte, error) { <-c.closed; return nil, ErrNotConnected }
func (c silentConn) write([]byte) error    { return nil }
func (c silentConn) close()                { close(c.closed) }

// Calls of Check, however many, do not postpone the end of a dead connection.
func TestDoubtsDoNotPutTheEndOff(t *testing.T) {
	for name, after := range map[string]time.Duration{"at once": 0, "when it was asked already": silentFor + answerWithin - time.Second} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &Client{check: make(chan struct{}, 1)}
				ws := silentConn{make(chan struct{})}
				begin := time.Now()
				go c.watch(ws, make(chan string), make(chan struct{}))
				time.Sleep(after)
				for closed := false; !closed && time.Since(begin) < time.Minute; {
					c.Check()
					select {
					case <-ws.closed:
						closed = true
					case <-time.After(time.Second / 2):
					}
				}
				if took, most := time.Since(begin), min(after+answerAtOnce, silentFor+answerWithin); took > most {
					t.Errorf("after %s, not %s", took, most)
				}
			})
		})
	}
}
