package local

import (
	"errors"
	"fmt"
	"sync"

	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/wire"
)

// maxWaiting is the maximum of messages that wait for one member's handler.
const maxWaiting = 512

// member is a peer in a room, or one that was. One goroutine calls its handler.
type member struct {
	room    *Room
	self    wire.Member
	handler signaling.Handler
	done    chan struct{}
	stop    func() bool // ends the wait for the context of the dial

	// Guarded by the room's mutex.
	waiting []signaling.Envelope // for the handler
	more    *sync.Cond           // waiting has more, or out is set
	out     bool
	refused *wire.Error // why it is out; nil: it has left
}

func newMember(r *Room, self wire.Member, handler signaling.Handler) *member {
	return &member{room: r, self: self, handler: handler, done: make(chan struct{}), more: sync.NewCond(&r.mu)}
}

func (m *member) run() {
	defer close(m.done)
	defer m.stop()
	m.handler.Connected()
	for {
		e, ok := m.next()
		if !ok {
			break
		}
		m.handler.Received(e)
	}
	if m.refused != nil {
		m.handler.Disconnected(m.refused, 0, true)
	}
}

// next waits for the next envelope. ok is false when there will be none.
func (m *member) next() (e signaling.Envelope, ok bool) {
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	for len(m.waiting) == 0 && !m.out {
		m.more.Wait()
	}
	if len(m.waiting) == 0 {
		return e, false
	}
	e, m.waiting = m.waiting[0], m.waiting[1:]
	return e, true
}

// push queues an envelope for the handler. The caller has the room's mutex.
func (m *member) push(e signaling.Envelope) {
	m.waiting = append(m.waiting, e)
	m.more.Signal()
}

// refuse ends a membership. The caller has the room's mutex.
func (m *member) refuse(why *wire.Error) {
	m.push(signaling.Envelope{Error: why})
	m.out, m.refused = true, why
}

// Send implements [signaling.Transport]. An envelope travels as the frame that a relay
// would pass on.
func (m *member) Send(e signaling.Envelope) error {
	frame, err := e.MarshalJSON()
	if err != nil {
		return fmt.Errorf("local: %w", err)
	}
	if len(frame) > wire.MaxFrame {
		return signaling.ErrTooLarge
	}
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	if m.out {
		return signaling.ErrNotConnected
	}
	found := e.To == "" || e.To == m.self.ID // a Client does not hear itself either
	for _, other := range m.room.members {
		if other != m && (e.To == "" || e.To == other.self.ID) {
			found = true
			err = errors.Join(err, other.pass(frame, m.self.ID))
		}
	}
	if !found && len(m.waiting) < maxWaiting {
		m.push(signaling.Envelope{Error: &wire.Error{Code: wire.CodeNotFound, Message: fmt.Sprintf("no peer with the id %.40q is in the room", e.To)}})
	}
	return err
}

// pass gives a message of another member to m. The caller has the room's mutex.
func (m *member) pass(frame []byte, from string) error {
	if len(m.waiting) >= maxWaiting {
		return signaling.ErrSlow
	}
	var e signaling.Envelope
	if err := e.UnmarshalJSON(frame); err != nil {
		return fmt.Errorf("local: %w", err)
	}
	e.From = from
	m.push(e)
	return nil
}

// Check implements [signaling.Transport]. There is no network to check.
func (m *member) Check() {}

// Close implements [signaling.Transport]. What waits for the handler is dropped.
func (m *member) Close() {
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	m.room.leave(m)
	m.waiting, m.out = nil, true
	m.more.Signal()
}

// Done implements [signaling.Transport].
func (m *member) Done() <-chan struct{} { return m.done }
