package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// join enters a room, and returns the connection and the id in the welcome.
func join(t *testing.T, url string) (*websocket.Conn, string) {
	t.Helper()
	ws, _, err := websocket.DefaultDialer.Dial(strings.Replace(url, "http", "ws", 1)+"/ws?room=r", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ws.Close() })
	_ = ws.SetReadDeadline(time.Now().Add(20 * time.Second))
	var in struct{ Welcome struct{ ID string } }
	if err := ws.ReadJSON(&in); err != nil || in.Welcome.ID == "" {
		t.Fatal("no welcome: ", err)
	}
	return ws, in.Welcome.ID
}

// What one of two sends comes to the other one, however long it is.
func TestRivals(t *testing.T) {
	for name, h := range map[string]http.Handler{"floor": newFloor(), "usual": newUsual()} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(h)
			t.Cleanup(s.Close)
			a, _ := join(t, s.URL)
			b, id := join(t, s.URL)
			for _, size := range []int{1, 300, 3 << 10, 20 << 10} {
				sent := map[string]string{"to": id, "pad": strings.Repeat("x", size)}
				if err := a.WriteJSON(sent); err != nil {
					t.Fatal(err)
				}
				_, text, err := b.ReadMessage()
				if err != nil {
					t.Fatal(err)
				}
				var heard map[string]string
				if err := json.Unmarshal(text, &heard); err != nil || heard["pad"] != sent["pad"] {
					t.Fatalf("%d bytes came: %v", len(text), err)
				}
			}
		})
	}
}

// The sink lets everybody in, and lets go of who has gone.
func TestSink(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(sink))
	t.Cleanup(s.Close)
	for range 2 {
		ws, _ := join(t, s.URL)
		if err := ws.WriteMessage(websocket.TextMessage, make([]byte, 16<<10)); err != nil {
			t.Fatal(err)
		}
	}
}
