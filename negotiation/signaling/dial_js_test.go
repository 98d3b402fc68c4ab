package signaling

import (
	"context"
	"errors"
	"syscall/js"
	"testing"
)

// A relay that is not there, or that nobody waits for any more, is dialed in vain.
func TestDialInVain(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, row := range map[string]struct {
		ctx  context.Context
		want error
	}{
		"nobody is there": {t.Context(), errGone},
		"nobody waits":    {ended, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := dial(row.ctx, "ws://127.0.0.1:9", nil, nil) // a port that browsers do not open
			if c != nil || !errors.Is(err, row.want) {
				t.Errorf("%v, error %v", c, err)
			}
		})
	}
}

// What the browser would call is released when a connection ends.
func TestCloseReleases(t *testing.T) {
	open := js.Global().Get("WebSocket")
	defer js.Global().Set("WebSocket", open)
	js.Global().Call("eval", `globalThis.WebSocket = class extends EventTarget {
		constructor() { super(); globalThis.made = this; setTimeout(() => this.onopen({})); }
		close() {}
	}`)
	c, err := dial(t.Context(), "ws://relay.example", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	js.Global().Call("eval", `globalThis.handlers = [made.onopen, made.onmessage, made.onclose]`)
	c.close()
	if _, err := c.read(); !errors.Is(err, errGone) {
		t.Errorf("reading ends with %v", err)
	}
	refused := js.Global().Call("eval", `(() => {
		const { error } = console;
		let refused = 0;
		console.error = (words) => { if (words === "call to released function") refused++; else error(words); };
		for (const handler of handlers) handler({});
		console.error = error;
		return [made.onopen, made.onmessage, made.onclose].join() + refused;
	})()`).String()
	if refused != ",,3" {
		t.Errorf("handlers that are left, and calls that were refused: %s", refused)
	}
}
