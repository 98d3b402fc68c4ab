package signaling

import (
	"syscall/js"
	"testing"
	"time"
)

// A tab, too, comes back when the relay that shuts down has told it to.
func TestShutdownIsFollowed(t *testing.T) {
	open := js.Global().Get("WebSocket")
	defer js.Global().Set("WebSocket", open)
	js.Global().Call("eval", `globalThis.WebSocket = class extends EventTarget {
		bufferedAmount = 0;
		constructor() { super(); setTimeout(() => {
			this.onopen({});
			this.onmessage({ data: '{"error":{"code":"shutdown","message":"later","retryAfter":7.5}}' });
			this.onclose({ reason: "shutdown" });
		}); }
		send() {}
		close() {}
	}`)
	retries := make(chan time.Duration, 1)
	c, err := Connect(t.Context(), Options{Server: "http://relay.example", Room: "r"}, Handler{
		Connected:    func() {},
		Received:     func(Envelope) {},
		Disconnected: func(_ error, retry time.Duration, _ bool) { retries <- retry },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		c.Close()
		<-c.Done()
	}()
	if retry := <-retries; retry != 7500*time.Millisecond {
		t.Errorf("it comes back after %s", retry)
	}
}
