package relay_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"perfect-negotiation/server/relay"
)

// A relay is an http.Handler: it may be one of several in a program's own mux.
func Example() {
	r := relay.New(relay.Config{})
	mux := http.NewServeMux()
	mux.Handle("/ws", r)
	mux.HandleFunc("/hello", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") })
	server := httptest.NewServer(mux)
	defer server.Close()
	defer func() { _ = r.Shutdown(context.Background()) }()

	for _, path := range []string{"/hello", "/ws?room=inn"} {
		response, err := http.Get(server.URL + path)
		if err != nil {
			fmt.Println(err)
			return
		}
		body, _ := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if response.StatusCode == http.StatusOK {
			fmt.Println(path, string(body))
		} else {
			fmt.Println(path, http.StatusText(response.StatusCode))
		}
	}
	// Output:
	// /hello hello
	// /ws?room=inn Upgrade Required
}
