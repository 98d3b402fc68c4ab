package sse

import (
	"context"
	"flag"
	"testing"

	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/transporttest"
)

var server = flag.String("server", "", "`URL` of a Server; empty: there is none")

// TestInTab is run by TestInBrowser.
func TestInTab(t *testing.T) {
	if *server == "" {
		t.Skip("needs a server")
	}
	err := transporttest.TestTransport(func() signaling.Dialer {
		return func(ctx context.Context, o signaling.Options, h signaling.Handler) (signaling.Transport, error) {
			o.Server = *server
			return Dial(ctx, o, h)
		}
	})
	if err != nil {
		t.Error(err)
	}
}
