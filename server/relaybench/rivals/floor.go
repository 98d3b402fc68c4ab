package main

import (
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"sync"

	"github.com/gorilla/websocket"
)

// floor is the least that a relay on gorilla/websocket can do: it passes the messages of
// the two clients of a room on to each other, with one read and one write, and looks at
// nothing. Nothing bounds what a client may cost.
type floor struct {
	upgrader websocket.Upgrader

	mu    sync.Mutex
	first map[string]*seat // those that wait for the second of their room
}

func newFloor() *floor { return &floor{first: map[string]*seat{}} }

// seat is that of a client in a room for two.
type seat struct {
	ws    *websocket.Conn
	other *websocket.Conn // set before paired is closed
	// paired is closed when the other one is there.
	paired chan struct{}
}

func (f *floor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ws, err := f.upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer ws.Close()
	if ws.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"welcome":{"id":%q}}`, rand.Text()[:16])) != nil {
		return
	}
	other := f.pair(r.FormValue("room"), ws)
	if other == nil {
		return
	}
	defer other.Close()
	var message []byte
	for {
		kind, in, err := ws.NextReader()
		if err != nil {
			return
		}
		if message, err = readAll(in, message[:0]); err != nil {
			return
		}
		if other.WriteMessage(kind, message) != nil {
			return
		}
	}
}

// pair waits for the other one of the room, and returns its connection.
func (f *floor) pair(room string, ws *websocket.Conn) *websocket.Conn {
	f.mu.Lock()
	if s := f.first[room]; s != nil {
		delete(f.first, room)
		f.mu.Unlock()
		s.other = ws
		close(s.paired)
		return s.ws
	}
	s := &seat{ws: ws, paired: make(chan struct{})}
	f.first[room] = s
	f.mu.Unlock()
	<-s.paired
	return s.other
}

// readAll is [io.ReadAll] into a buffer.
func readAll(r io.Reader, buffer []byte) ([]byte, error) {
	for {
		if len(buffer) == cap(buffer) {
			buffer = append(buffer, 0)[:len(buffer)]
		}
		n, err := r.Read(buffer[len(buffer):cap(buffer)])
		buffer = buffer[:len(buffer)+n]
		if err == io.EOF {
			return buffer, nil
		}
		if err != nil {
			return buffer, err
		}
	}
}
