//go:build !js

package negotiation

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"
)

// TestMovedTransport has a browser stop the section that carries the transport.
// Chromium (156) ends that transport and makes a new one, which pion cannot. pion
// closes the connection, and the Session ends, so that a new one can be made.
func TestMovedTransport(t *testing.T) {
	for _, browser := range []string{"polite", "impolite"} {
		t.Run("browser is "+browser, func(t *testing.T) {
			t.Parallel()
			rows := moves
			withBrowser(t, "TestMoveWithNative", browser, func(make func(*testing.T) *party) {
				offerer := rows[0]
				rows = rows[1:]
				t.Run(offerer+" offers", func(t *testing.T) {
					p := make(t)
					if offerer == "the native side" {
						p.do(func() error { return errors.Join(p.step("audio", ""), p.step("video", "")) })
					}
					p.meet(context.Background())
					p.rest()
					select {
					case <-p.s.Done():
						if err := p.s.Err(); !errors.Is(err, ErrClosed) || p.pc.SignalingState() != webrtc.SignalingStateClosed {
							t.Errorf("%v; the connection is %s", err, p.pc.SignalingState())
						}
					case <-time.After(30 * time.Second):
						t.Error("the Session goes on, and nothing flows")
					}
					p.finish()
				})
			})
			if len(rows) > 0 {
				t.Errorf("%d rows were not played", len(rows))
			}
		})
	}
}
