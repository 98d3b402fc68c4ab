package token

import (
	"sync"
	"time"
)

// Bounds on the members that are remembered.
const (
	maxMembers = 256    // of one room; those that were seen last
	maxAll     = 50_000 // beyond these nobody new is remembered
)

// members are the clients that were let in with a token, so that they can come back with
// one that has expired.
type members struct {
	mu    sync.Mutex
	rooms map[string]map[string]member // by id
	all   int
	swept time.Time
}

// member is remembered until a time.
type member struct{ seen, until time.Time }

// has reports whether a client was let into a room.
func (m *members) has(room, id string, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return now.Before(m.rooms[room][id].until)
}

// add remembers a client.
func (m *members) add(room, id string, until, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	of := m.rooms[room]
	former, known := of[id]
	if !known {
		if m.all >= maxAll {
			m.sweep(now)
		}
		if m.all >= maxAll {
			return
		}
		if of = m.rooms[room]; len(of) >= maxMembers {
			m.forget(room, oldest(of))
			of = m.rooms[room]
		}
		m.all++
	}
	if m.rooms == nil {
		m.rooms = map[string]map[string]member{}
	}
	if of == nil {
		of = map[string]member{}
		m.rooms[room] = of
	}
	if former.until.After(until) {
		until = former.until
	}
	of[id] = member{now, until}
}

// sweep forgets whose time is over, at most once a minute.
func (m *members) sweep(now time.Time) {
	if now.Sub(m.swept) < time.Minute {
		return
	}
	m.swept = now
	for room, of := range m.rooms {
		for id, member := range of {
			if !now.Before(member.until) {
				m.forget(room, id)
			}
		}
	}
}

func (m *members) forget(room, id string) {
	delete(m.rooms[room], id)
	m.all--
	if len(m.rooms[room]) == 0 {
		delete(m.rooms, room)
	}
}

// oldest returns the id of who was seen the longest ago.
func oldest(of map[string]member) (id string) {
	for i, member := range of {
		if id == "" || member.seen.Before(of[id].seen) {
			id = i
		}
	}
	return id
}
