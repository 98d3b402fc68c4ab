package main

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Those of the chat in gorilla/websocket's examples.
const (
	writeWait  = 10 * time.Second
	pongWait   = 60 * time.Second
	pingPeriod = pongWait * 9 / 10
	maxMessage = 64 << 10
	maxWaiting = 256
)

// usual is what one writes first, after that chat: two goroutines for each connection,
// and JSON that is decoded and encoded in full.
type usual struct {
	mu    sync.Mutex
	rooms map[string]map[string]*member
}

func newUsual() *usual { return &usual{rooms: map[string]map[string]*member{}} }

type member struct {
	id, room string
	ws       *websocket.Conn
	send     chan []byte
}

type object = map[string]any

var upgrader = websocket.Upgrader{ReadBufferSize: 1024, WriteBufferSize: 1024}

func (u *usual) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	m := &member{id: rand.Text()[:16], room: r.FormValue("room"), ws: ws, send: make(chan []byte, maxWaiting)}
	u.join(m)
	go m.write()
	go u.read(m)
}

func (u *usual) join(m *member) {
	u.mu.Lock()
	defer u.mu.Unlock()
	room := u.rooms[m.room]
	if room == nil {
		room = map[string]*member{}
		u.rooms[m.room] = room
	}
	peers := []object{}
	for id, p := range room {
		peers = append(peers, object{"id": id})
		u.put(p, encode(object{"joined": object{"id": m.id}}))
	}
	room[m.id] = m
	u.put(m, encode(object{"welcome": object{"id": m.id, "room": m.room, "peers": peers}}))
}

func (u *usual) leave(m *member) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.drop(m); len(u.rooms[m.room]) == 0 {
		delete(u.rooms, m.room)
	}
	for _, p := range u.rooms[m.room] {
		u.put(p, encode(object{"left": object{"id": m.id}}))
	}
}

// put has a message be written to a member. One that reads too slowly is dropped.
func (u *usual) put(m *member, text []byte) {
	select {
	case m.send <- text:
	default:
		u.drop(m)
	}
}

func (u *usual) drop(m *member) {
	if u.rooms[m.room][m.id] == m {
		delete(u.rooms[m.room], m.id)
		close(m.send)
	}
}

func (u *usual) pass(m *member, message object) {
	to, addressed := message["to"].(string)
	message["from"] = m.id
	text := encode(message)
	u.mu.Lock()
	defer u.mu.Unlock()
	for id, p := range u.rooms[m.room] {
		if id == to || !addressed && p != m {
			u.put(p, text)
		}
	}
}

func (u *usual) read(m *member) {
	defer m.ws.Close()
	defer u.leave(m)
	m.ws.SetReadLimit(maxMessage)
	alive := func(string) error { return m.ws.SetReadDeadline(time.Now().Add(pongWait)) }
	_ = alive("")
	m.ws.SetPongHandler(alive)
	for {
		_, text, err := m.ws.ReadMessage()
		if err != nil {
			return
		}
		var message object
		if json.Unmarshal(text, &message) == nil && message != nil {
			u.pass(m, message)
		}
	}
}

func (m *member) write() {
	ticker := time.NewTicker(pingPeriod)
	defer ticker.Stop()
	defer m.ws.Close()
	for {
		kind, text := websocket.PingMessage, []byte(nil)
		select {
		case next, ok := <-m.send:
			if kind, text = websocket.TextMessage, next; !ok {
				kind = websocket.CloseMessage
			}
		case <-ticker.C:
		}
		_ = m.ws.SetWriteDeadline(time.Now().Add(writeWait))
		if m.ws.WriteMessage(kind, text) != nil || kind == websocket.CloseMessage {
			return
		}
	}
}

func encode(o object) []byte {
	text, err := json.Marshal(o)
	if err != nil {
		panic(err) // unreachable: it was decoded from JSON
	}
	return text
}
