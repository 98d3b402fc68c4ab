//go:build !js

package sse

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/identity"
	"perfect-negotiation/negotiation/signaling/transporttest"
	"perfect-negotiation/negotiation/signaling/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve returns what enters a room of a new server.
func serve(t *testing.T) (*httptest.Server, signaling.Dialer) {
	server := httptest.NewServer(&Server{})
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		server.CloseClientConnections()
		server.Close()
	})
	return server, func(ctx context.Context, o signaling.Options, h signaling.Handler) (signaling.Transport, error) {
		o.Server = server.URL
		return Dial(ctx, o, h)
	}
}

func TestTransport(t *testing.T) {
	_, dial := serve(t)
	if err := transporttest.TestTransport(func() signaling.Dialer { return dial }); err != nil {
		t.Error(err)
	}
}

// A client whose connection is cut comes back; one that is replaced does not.
func TestComesBack(t *testing.T) {
	server, dial := serve(t)
	told := make(chan string, 100)
	handler := signaling.Handler{
		Connected: func() { told <- "connected" },
		Received: func(e signaling.Envelope) {
			if e.Welcome != nil {
				told <- "welcome " + e.Welcome.ID
			}
		},
		Disconnected: func(err error, _ time.Duration, final bool) {
			var refused *wire.Error
			if errors.As(err, &refused) {
				told <- refused.Code
			} else if !final {
				told <- "disconnected"
			}
		},
	}
	o := signaling.Options{Room: "inn", Key: signaling.NewKey()}
	hears := func(want ...string) {
		t.Helper()
		for _, line := range want {
			select {
			case got := <-told:
				if got != line {
					t.Fatalf("it is told %q, not %q", got, line)
				}
			case <-time.After(20 * time.Second):
				t.Fatalf("it is never told %q", line)
			}
		}
	}
	transport, err := dial(t.Context(), o, handler)
	if err != nil {
		t.Fatal(err)
	}
	hears("connected", "welcome "+identity.Of(o.Key))
	server.CloseClientConnections()
	hears("disconnected", "connected", "welcome "+identity.Of(o.Key))
	other, err := dial(t.Context(), o, signaling.Handler{Connected: func() {}, Received: func(signaling.Envelope) {}, Disconnected: func(error, time.Duration, bool) {}})
	if err != nil {
		t.Fatal(err)
	}
	hears(wire.CodeReplaced)
	<-transport.Done()
	other.Close()
	<-other.Done()
}

// Requests that are not ours are refused.
func TestRefuses(t *testing.T) {
	server, _ := serve(t)
	good := "Bearer " + signaling.NewKey()
	for name, row := range map[string]struct {
		method, path, key, body string
		want                    int
	}{
		"no key":           {"GET", "/events?room=r", "", "", http.StatusUnauthorized},
		"no room":          {"GET", "/events", good, "", http.StatusBadRequest},
		"no such role":     {"GET", "/events?room=r&role=shy", good, "", http.StatusBadRequest},
		"no such path":     {"GET", "/?room=r", good, "", http.StatusNotFound},
		"send before join": {"POST", "/send?room=r", good, "{}", http.StatusConflict},
		"no JSON":          {"POST", "/send?room=r", good, "{", http.StatusBadRequest},
		"too large":        {"POST", "/send?room=r", good, strings.Repeat(" ", wire.MaxFrame+1), http.StatusRequestEntityTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := http.NewRequest(row.method, server.URL+row.path, strings.NewReader(row.body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", row.key)
			response, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			if response.StatusCode != row.want {
				t.Errorf("%s", response.Status)
			}
		})
	}
}
