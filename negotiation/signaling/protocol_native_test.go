//go:build !js

package signaling_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/wire"
)

// says runs a relay that sends one frame to each client, and closes the connection if
// the frame is an error. clients has one entry for each client.
func says(t *testing.T, frame string) (url string, clients chan struct{}) {
	t.Helper()
	clients = make(chan struct{}, 100)
	upgrader := websocket.Upgrader{Subprotocols: []string{wire.Subprotocol}}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return // it was no WebSocket request
		}
		defer ws.Close()
		clients <- struct{}{}
		_ = ws.WriteMessage(websocket.TextMessage, []byte(frame)) // if this fails, so does reading
		for !strings.HasPrefix(frame, `{"error"`) {
			if _, _, err := ws.ReadMessage(); err != nil {
				return
			}
		}
	}))
	t.Cleanup(s.Close)
	return s.URL, clients
}

// A relay with a newer protocol is accepted like one with the same. A relay whose
// protocol is too old is left for good.
func TestProtocolOfTheRelay(t *testing.T) {
	for stated, refused := range map[string]bool{
		``:                false,
		`,"protocol":1`:   false,
		`,"protocol":99`:  false,
		`,"protocol":"x"`: false,
		`,"protocol":0`:   true,
		`,"protocol":-1`:  true,
	} {
		t.Run(stated, func(t *testing.T) {
			url, clients := says(t, `{"welcome":{"id":"a","room":"r","peers":[],"iceServers":[]`+stated+`}}`)
			c, news := connect(t, signaling.Options{Server: url, Room: "r"}, nil)
			first := await(t, "it is told", news, func(told) bool { return true })
			if !refused {
				if !welcomed(first) {
					t.Errorf("it is told %+v", first)
				}
				return
			}
			if !first.final || !isError(first.err, wire.CodeBadProtocol) || !strings.Contains(first.err.Error(), "update the relay") {
				t.Errorf("it is told %+v", first)
			}
			<-c.Done()
			if len(clients) != 1 || len(news) != 0 {
				t.Errorf("it has connected %d times, and is told %d things more", len(clients), len(news))
			}
		})
	}
}

// A client whose protocol is refused does not connect again.
func TestTheRelayRefusesOurProtocol(t *testing.T) {
	url, clients := says(t, `{"error":{"code":"bad-protocol","message":"you speak too little"}}`)
	c, news := connect(t, signaling.Options{Server: url, Room: "r"}, nil)
	await(t, "the error comes", news, func(n told) bool { return n.envelope.Error != nil })
	n := await(t, "it ends", news, func(n told) bool { return n.err != nil })
	if !n.final || !isError(n.err, wire.CodeBadProtocol) {
		t.Errorf("it is told %+v", n)
	}
	<-c.Done()
	if len(clients) != 1 {
		t.Errorf("it has connected %d times", len(clients))
	}
}
