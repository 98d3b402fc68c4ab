package negotiation

import (
	"context"
	"testing"
)

// TestMoveWithNative is the browser's side of TestMovedTransport.
func TestMoveWithNative(t *testing.T) {
	if *native == "" {
		t.Skip("TestMovedTransport starts it")
	}
	for _, offerer := range moves {
		t.Run(offerer+" offers", func(t *testing.T) {
			p := dial(t)
			if offerer == "the browser" {
				p.do(func() error { return p.step("audio", "") })
				p.do(func() error { return p.step("video", "") })
			}
			p.meet(context.Background())
			p.rest()
			p.do(func() error { return p.step("stop", "") })
			p.finish()
		})
	}
}
