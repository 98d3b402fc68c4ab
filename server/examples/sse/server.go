package sse

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/identity"
	"perfect-negotiation/negotiation/signaling/local"
	"perfect-negotiation/negotiation/signaling/wire"
)

const (
	maxRooms   = 1000
	aliveEvery = 10 * time.Second // a comment, so that both ends notice when the other is gone
	slowAfter  = 5 * time.Second  // for one write
)

// Server is rooms over HTTP. The zero value has none. GET /events?room=R is a stream of
// server-sent events, each an envelope; POST /send?room=R sends one. "Authorization:
// Bearer KEY" says who it is: the id is a fingerprint of the key, as the relay's.
type Server struct {
	// Origin is the origin of the pages that may use it, beside its own; empty: none.
	Origin string

	mu    sync.Mutex
	rooms map[string]*room // guarded by mu
}

// room is a local.Room, and the transports of those in it, by id.
type room struct {
	local.Room
	members map[string]signaling.Transport
	dials   int // members, and those that come and go
}

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.Origin != "" {
		w.Header().Set("Access-Control-Allow-Origin", s.Origin)
		w.Header().Set("Access-Control-Allow-Headers", "Authorization")
	}
	key, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	name := r.URL.Query().Get("room")
	switch {
	case r.Method == http.MethodOptions:
	case !wire.ValidKey(key):
		http.Error(w, "the key "+wire.KeyRule, http.StatusUnauthorized)
	case !wire.ValidRoom(name):
		http.Error(w, "the room's name "+wire.RoomRule, http.StatusBadRequest)
	case r.Method == http.MethodGet && r.URL.Path == "/events":
		s.events(w, r, name, identity.Of(key))
	case r.Method == http.MethodPost && r.URL.Path == "/send":
		s.send(w, r, name, identity.Of(key))
	default:
		http.NotFound(w, r)
	}
}

// events has the client join, until either side ends the request.
func (s *Server) events(w http.ResponseWriter, r *http.Request, name, id string) {
	o := signaling.Options{Room: name, Role: wire.Role(r.URL.Query().Get("role"))}
	if rank, ok := wire.ParseRank(r.URL.Query().Get("rank")); ok {
		o.Rank = &rank
	}
	s.mu.Lock()
	if s.rooms == nil {
		s.rooms = map[string]*room{}
	}
	in := s.rooms[name]
	if in == nil && len(s.rooms) == maxRooms {
		s.mu.Unlock()
		http.Error(w, "too many rooms", http.StatusServiceUnavailable)
		return
	}
	if in == nil {
		in = &room{members: map[string]signaling.Transport{}}
		s.rooms[name] = in
	}
	in.dials++
	s.mu.Unlock()

	ended := make(chan struct{})
	write := func(text string) {
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(slowAfter)) // where it is possible
		if _, err := io.WriteString(w, text); err == nil {
			w.(http.Flusher).Flush()
		}
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	var writing sync.Mutex
	transport, err := in.Dialer(id)(r.Context(), o, signaling.Handler{
		Connected: func() {},
		Received: func(e signaling.Envelope) {
			writing.Lock()
			defer writing.Unlock()
			write("data: " + string(encode(e)) + "\n\n")
		},
		Disconnected: func(error, time.Duration, bool) { close(ended) },
	})
	if err == nil {
		s.mu.Lock()
		in.members[id] = transport
		s.mu.Unlock()
		for alive := time.NewTicker(aliveEvery); ; {
			select {
			case <-alive.C:
				writing.Lock()
				write(":\n\n")
				writing.Unlock()
				continue
			case <-ended:
			case <-r.Context().Done():
			}
			alive.Stop()
			break
		}
		transport.Close()
		<-transport.Done() // nothing is written to w any more
	} else {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if in.members[id] == transport {
		delete(in.members, id)
	}
	if in.dials--; in.dials == 0 {
		delete(s.rooms, name)
	}
}

// send passes an envelope on.
func (s *Server) send(w http.ResponseWriter, r *http.Request, name, id string) {
	frame, err := io.ReadAll(http.MaxBytesReader(w, r.Body, wire.MaxFrame))
	if err != nil {
		http.Error(w, "the envelope is too large, or incomplete", http.StatusRequestEntityTooLarge)
		return
	}
	var e signaling.Envelope
	if err := e.UnmarshalJSON(frame); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	var member signaling.Transport
	if in := s.rooms[name]; in != nil {
		member = in.members[id]
	}
	s.mu.Unlock()
	if member == nil {
		http.Error(w, "join first: GET /events", http.StatusConflict)
		return
	}
	if err := member.Send(e); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// encode returns an envelope as JSON, on one line.
func encode(e signaling.Envelope) []byte {
	var of any
	switch {
	case e.Welcome != nil:
		of = map[string]any{"welcome": e.Welcome}
	case e.Joined != nil:
		of = map[string]any{"joined": e.Joined}
	case e.Left != nil:
		of = map[string]any{"left": e.Left}
	case e.Error != nil:
		of = map[string]any{"error": e.Error}
	default:
		of = e
	}
	text, err := json.Marshal(of)
	if err != nil {
		return fmt.Appendf(nil, `{"error":{"code":%q,"message":"it cannot be encoded"}}`, wire.CodeBadMessage)
	}
	return text
}
