package main

import (
	"net/http"
	"time"

	"github.com/gorilla/websocket"
)

// perSecond is how fast the sink reads a connection, in bytes: as fast as the relay reads
// one client by default, so that who attacks has as much to do.
const perSecond = 128 << 10

// sink lets everybody in, passes nothing on, and forgets what it reads.
func sink(w http.ResponseWriter, r *http.Request) {
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer ws.Close()
	if ws.WriteMessage(websocket.TextMessage, []byte(`{"welcome":{"id":"sink"}}`)) != nil {
		return
	}
	conn := ws.UnderlyingConn()
	buffer := make([]byte, 4<<10)
	for {
		n, err := conn.Read(buffer)
		if err != nil {
			return
		}
		time.Sleep(time.Duration(n) * time.Second / perSecond)
	}
}
