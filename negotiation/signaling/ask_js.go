package signaling

import (
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/hack-pad/safejs"

	"perfect-negotiation/negotiation/webapi"
)

// askTimeout bounds the question why a WebSocket was refused.
const askTimeout = 3 * time.Second

// whyRefused asks the relay why the WebSocket with this URL was not taken, which a
// browser does not tell. It returns an error like that of the relay over a WebSocket,
// or err if the relay would take it or does not answer.
func whyRefused(ctx context.Context, ws string, err error) error {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	response, failed := fetch(ctx, questionFor(ws))
	if failed != nil {
		return err
	}
	status, failed := response.Get("status")
	if failed != nil {
		return err
	}
	code, _ := status.Int()
	text, failed := awaited(ctx, response, "text")
	if failed != nil {
		return err
	}
	message, _ := text.String()
	retry := ""
	if headers, failed := response.Get("headers"); failed == nil {
		if value, failed := headers.Call("get", "Retry-After"); failed == nil && value.Type() == safejs.TypeString {
			retry, _ = value.String()
		}
	}
	if refused := refusedBefore(code, retry, message); refused != nil {
		return refused
	}
	return err
}

// questionFor returns the address at which the relay says whether it would take a
// WebSocket with a URL.
func questionFor(ws string) string {
	u, err := url.Parse(ws)
	if err != nil {
		return ws // fetch refuses it
	}
	u.Scheme = strings.Replace(u.Scheme, "ws", "http", 1)
	u.Path = strings.TrimSuffix(u.Path, "ws") + "readyz"
	u.RawQuery = "join&room=" + url.QueryEscape(u.Query().Get("room"))
	return u.String()
}

func fetch(ctx context.Context, address string) (safejs.Value, error) {
	return awaited(ctx, safejs.Global(), "fetch", address, map[string]any{"cache": "no-store", "credentials": "omit"})
}

// awaited calls a method that returns a promise, and returns what that becomes.
func awaited(ctx context.Context, object safejs.Value, method string, args ...any) (safejs.Value, error) {
	p, err := object.Call(method, args...)
	if err != nil {
		return safejs.Value{}, err
	}
	promise := webapi.Await(p)
	select {
	case result := <-promise.C:
		return result.Value, result.Err
	case <-ctx.Done():
		promise.Forget()
		return safejs.Value{}, ctx.Err()
	}
}
