package negotiation

import (
	"context"
	"testing"
	"time"
)

// TestVideoWithNative is the browser's side of TestNoCodecForBrowser.
func TestVideoWithNative(t *testing.T) {
	if *native == "" {
		t.Skip("TestNoCodecForBrowser starts it")
	}
	for _, who := range videoOf {
		t.Run("video is of "+who, func(t *testing.T) {
			p := dial(t)
			if who != "the native side" {
				p.do(func() error { return p.step("video", "") })
			}
			ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
			defer cancel()
			if err := p.s.Negotiated(ctx); err != nil {
				t.Fatal(err)
			}
			p.meet(ctx)
			p.begin()
			for range 2 { // which use the sections again that were rejected
				p.do(func() error { return p.step("audio", "") })
			}
			p.s.Renegotiate()
			p.rest()
			for _, s := range p.current().Local.Sections() {
				if s.Rejected != (s.Kind == "video") {
					t.Errorf("section %s of %s: rejected is %v", s.Mid, s.Kind, s.Rejected)
				}
			}
			p.finish()
		})
	}
}
