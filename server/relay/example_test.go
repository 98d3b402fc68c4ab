package relay_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/gorilla/websocket"

	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/server/relay"
)

// Whoever is logged in may enter the rooms of their team, without a role.
func ExampleConfig_admit() {
	teams := map[string]string{"cookie of Ann": "blue"} // by session
	r := relay.New(relay.Config{
		Admit: func(_ context.Context, req *http.Request, c relay.Candidate) (relay.Grant, error) {
			session, err := req.Cookie("session")
			if err != nil || teams[session.Value] != c.Room {
				return relay.Grant{}, errors.New("not of this team") // it is told that it may not enter
			}
			return relay.Grant{PeersPerRoom: 4}, nil
		},
	})
	server := httptest.NewServer(r)
	defer server.Close()
	defer func() { _ = r.Shutdown(context.Background()) }()

	for _, cookie := range []string{"cookie of Ann", "cookie of Bob"} {
		ws, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(server.URL, "http")+"/ws?room=blue",
			http.Header{"Cookie": {`session="` + cookie + `"`}})
		if err != nil {
			fmt.Println(err)
			return
		}
		var told struct {
			Welcome *wire.Welcome
			Error   *wire.Error
		}
		_ = ws.ReadJSON(&told)
		if told.Welcome != nil {
			fmt.Println(cookie, "enters", told.Welcome.Room)
		} else {
			fmt.Println(cookie, told.Error.Code)
		}
		_ = ws.Close()
	}
	// Output:
	// cookie of Ann enters blue
	// cookie of Bob forbidden
}

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
