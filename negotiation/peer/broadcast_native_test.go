//go:build !js

package peer

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// A message to all reaches those who receive, although another one does not, and the
// error says who that is.
func TestBroadcast(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		taken := make(chan *Channel, 2)
		hub := w.peer("a")
		open := map[string]*Channel{} // by the id of the other side
		at := map[string]*Channel{}   // their ends
		for _, id := range []string{"b", "c"} {
			w.peer(id, taking(taken))
			hub.await("it is paired with "+id, func() bool {
				peers := hub.peer.Peers()
				return len(peers) > 0 && peers[len(peers)-1].ID == id && peers[len(peers)-1].State == "connected"
			})
			c, err := hub.peer.Open(t.Context(), id, "news", nil)
			if err != nil {
				t.Fatal(err)
			}
			open[id], at[id] = c, <-taken
		}

		for _, m := range []Message{{Data: []byte("bytes")}, {Data: []byte("text"), Text: true}} {
			if err := Broadcast(t.Context(), m, open["b"], open["c"]); err != nil {
				t.Fatal(err)
			}
			for id, c := range at {
				if got, err := c.Receive(t.Context()); err != nil || got.Text != m.Text || got.String() != m.String() {
					t.Errorf("%s gets %v, %v", id, got, err)
				}
			}
		}

		for sent := 0; ; sent++ { // c never receives
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			err := Broadcast(ctx, Message{Data: make([]byte, 100_000)}, open["c"], open["b"])
			cancel()
			if _, err := at["b"].Receive(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err == nil && sent < 100 {
				continue
			}
			if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "peer c") || strings.Contains(err.Error(), "peer b") {
				t.Errorf("after %d messages: %v", sent, err)
			}
			break
		}
		if err := Broadcast(t.Context(), Message{}); err != nil {
			t.Errorf("to nobody: %v", err)
		}
	})
}
