package site

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"go.uber.org/goleak"

	"perfect-negotiation/server/relay"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A server is ready when it lets clients in and has a page that works.
func TestReady(t *testing.T) {
	for name, row := range map[string]struct {
		built, closed bool
		want          int
	}{
		"all is there":  {true, false, http.StatusOK},
		"no page":       {false, false, http.StatusServiceUnavailable},
		"it is closing": {true, true, http.StatusServiceUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			r := relay.New(relay.Config{})
			end := func() {
				if err := r.Shutdown(context.Background()); err != nil {
					t.Error(err)
				}
			}
			defer end()
			if row.closed {
				end()
			}
			s := httptest.NewServer(New(Config{Relay: r, Unbuilt: !row.built}))
			defer s.Close()
			for path, want := range map[string]int{"/readyz": row.want, "/healthz": http.StatusOK} {
				response, err := s.Client().Get(s.URL + path)
				if err != nil {
					t.Fatal(err)
				}
				_ = response.Body.Close()
				if response.StatusCode != want {
					t.Errorf("%s answers with %s", path, response.Status)
				}
			}
		})
	}
}
