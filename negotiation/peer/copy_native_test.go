//go:build !js

package peer

import (
	"bytes"
	"flag"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"perfect-negotiation/negotiation/trace"
)

var copied = flag.Int64("copied", 32<<20, "bytes that TestCopy copies")

// A stream goes on, byte for byte, through all that its connection survives: the relay is
// gone, the network is gone for a moment or until ICE is restarted, either side restarts
// ICE, and offers collide.
func TestCopy(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b, ac, bc := w.channels(nil)
		go func() {
			source, message := rand.NewChaCha8([32]byte{}), make([]byte, 32<<10)
			for left := *copied; left > 0; left -= int64(len(message)) {
				message = message[:min(left, int64(len(message)))]
				_, _ = source.Read(message) // has no end
				if err := ac.Send(t.Context(), message); err != nil {
					t.Error("send:", err)
				}
			}
			_ = ac.Close()
		}()
		faults := []func(){
			w.noRelay,
			func() { a.online(); b.online() },
			func() { w.outage(time.Second) },
			a.peer.RestartICE,
			b.peer.RestartICE,
			func() { a.peer.Collide("", 1) },
			func() { w.outage(15 * time.Second) }, // longer than ICE waits
		}
		each := *copied / int64(2*len(faults)+1)
		wanted, want := rand.NewChaCha8([32]byte{}), make([]byte, maxMessage)
		faulty, total := 0, int64(0)
		err := error(nil)
		for err == nil {
			var m Message
			m, err = bc.Receive(t.Context())
			n := len(m.Data)
			_, _ = wanted.Read(want[:n])
			if !bytes.Equal(m.Data, want[:n]) {
				t.Fatalf("other bytes after %d", total)
			}
			if total += int64(n); total > each*int64(faulty+1) && faulty < 2*len(faults) {
				faults[faulty%len(faults)]()
				faulty++
			}
		}
		if err != io.EOF || total != *copied {
			t.Errorf("%d of %d bytes, and %v\n%s", total, *copied, err, a.log())
		}
		if n := a.count(trace.Paired); n != 1 || faulty != 2*len(faults) {
			t.Errorf("%d connections, %d faults", n, faulty)
		}
		for _, kind := range []trace.Kind{trace.Restarting, trace.CollideArmed} {
			if a.count(kind)+b.count(kind) < 2 {
				t.Errorf("no event %s", kind)
			}
		}
	})
}

// outage has the network carry nothing for some time.
func (w *world) outage(d time.Duration) {
	w.down.Store(true)
	time.AfterFunc(d, func() { w.down.Store(false) })
}
