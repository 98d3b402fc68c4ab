package signaling

import (
	"errors"
	"fmt"
	"syscall/js"
	"testing"

	"perfect-negotiation/negotiation/signaling/wire"
)

// A tab whose WebSocket is refused asks the relay why, and hears when to come back.
func TestAskWhy(t *testing.T) {
	open, fetch := js.Global().Get("WebSocket"), js.Global().Get("fetch")
	defer js.Global().Set("WebSocket", open)
	defer js.Global().Set("fetch", fetch)
	js.Global().Call("eval", `globalThis.WebSocket = class {
		constructor() { setTimeout(() => this.onclose({ reason: "" })); }
		close() {}
	}`)
	for name, tt := range map[string]struct {
		fetch string // what it does
		want  error
	}{
		"full":            {`new Response("The relay is full.\n", { status: 503, headers: { "Retry-After": "7" } })`, &wire.Error{Code: wire.CodeBusy, Message: "The relay is full.", RetryAfter: 7}},
		"our address":     {`new Response("Too often.\n", { status: 429, headers: { "Retry-After": "1" } })`, &wire.Error{Code: wire.CodeBusy, Message: "Too often.", RetryAfter: 1}},
		"it would let in": {`new Response("ok\n")`, errGone},
		"an old relay":    {`new Response("shutting down\n", { status: 503 })`, errGone},
		"another server":  {`new Response("<html>", { status: 404 })`, errGone},
		"gone":            {`Promise.reject(new TypeError("Failed to fetch"))`, errGone},
	} {
		t.Run(name, func(t *testing.T) {
			js.Global().Call("eval", `globalThis.fetch = async (url) => { globalThis.asked = url; return `+tt.fetch+`; }`)
			_, err := dial(t.Context(), "wss://relay.example/app/ws?room=a%26b&protocol=1", nil, nil)
			if want, ok := tt.want.(*wire.Error); ok {
				var got *wire.Error
				if !errors.As(err, &got) || fmt.Sprintf("%+v", *got) != fmt.Sprintf("%+v", *want) {
					t.Errorf("got %v, want %+v", err, *want)
				}
			} else if !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if asked := js.Global().Get("asked").String(); asked != "https://relay.example/app/readyz?join&room=a%26b" {
				t.Errorf("it asks %s", asked)
			}
		})
	}
}
