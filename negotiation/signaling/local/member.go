package local

import (
	"errors"
	"fmt"

	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/wire"
)

// member is a peer in a room, or one that was.
type member struct {
	room  *Room
	self  wire.Member
	inbox *signaling.Inbox

	// Guarded by the room's mutex.
	out  bool
	stop func() bool // ends the wait for the context of the dial; nil: it has not begun
}

// refuse ends a membership. The caller has the room's mutex.
func (m *member) refuse(why *wire.Error) {
	m.inbox.Received(signaling.Envelope{Error: why})
	m.inbox.Disconnected(why, 0, true)
	m.out = true
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
	if !found {
		m.inbox.Received(signaling.Envelope{Error: &wire.Error{Code: wire.CodeNotFound, Message: fmt.Sprintf("no peer with the id %.40q is in the room", e.To)}})
	}
	return err
}

// pass gives a message of another member to m. The caller has the room's mutex.
func (m *member) pass(frame []byte, from string) error {
	var e signaling.Envelope
	if err := e.UnmarshalJSON(frame); err != nil {
		return fmt.Errorf("local: %w", err)
	}
	e.From = from
	if !m.inbox.Received(e) {
		return signaling.ErrSlow
	}
	return nil
}

// Check implements [signaling.Transport]. There is no network to check.
func (m *member) Check() {}

// Close implements [signaling.Transport]. What waits for the handler is dropped.
func (m *member) Close() {
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	m.room.leave(m)
	m.out = true
	if m.stop != nil {
		m.stop()
	}
	m.inbox.Close()
}

// Done implements [signaling.Transport].
func (m *member) Done() <-chan struct{} { return m.inbox.Done() }
