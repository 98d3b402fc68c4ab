package cluster

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"sync"
	"time"

	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/server/relay"
)

// slowTime is the least time between two notes that much waits for a client.
const slowTime = 100 * time.Millisecond

// here is the [relay.Place] of a room that lives on this node. It holds the claim.
type here struct {
	node  *Node
	claim *claim
	once  sync.Once
}

func (h *here) Here() bool { return h.node.claims.holds(h.claim) }
func (h *here) Leave()     { h.once.Do(func() { h.node.claims.leave(h.claim) }) }

func (h *here) Enter(context.Context, relay.Entrance, relay.Receiver) error { return relay.ErrMoved }
func (h *here) Pass(relay.Message)                                          {}
func (h *here) Slow()                                                       {}

// seat is the [relay.Place] of a room that lives on another node.
type seat struct {
	link *link
	room string
	term term // of the claim that was found

	epoch   uint64 // of the link, when the client entered; constant from then on
	client  uint64 // its number there
	to      relay.Receiver
	entered chan error // has room for one

	in   bool      // it was welcomed; guarded by link.mu
	slow time.Time // when that was noted last; only the goroutine that receives from NATS uses it
}

// join is the body of a frame: a client wants to enter.
type join struct {
	Entrance relay.Entrance
	Term     term
}

func (s *seat) Here() bool { return false }

func (s *seat) Enter(ctx context.Context, e relay.Entrance, to relay.Receiver) error {
	s.to, s.entered = to, make(chan error, 1)
	body, err := json.Marshal(join{e, s.term})
	if err != nil {
		return errUnavailable // unreachable: it has only strings and numbers
	}
	l := s.link
	l.mu.Lock()
	l.begin()
	l.clients++
	s.epoch, s.client = l.mine, l.clients
	l.seats[s.client] = s
	l.put(s.epoch, kindJoin, s.client, body)
	l.mu.Unlock()
	select {
	case err := <-s.entered:
		return err
	case <-ctx.Done():
		s.Leave()
		return errUnavailable
	}
}

func (s *seat) Pass(m relay.Message) {
	if !m.Addressed {
		s.link.send(s.epoch, kindSay, s.client, m.Data)
		return
	}
	var size [binary.MaxVarintLen64]byte
	n := binary.PutUvarint(size[:], uint64(len(m.To)))
	s.link.send(s.epoch, kindTell, s.client, size[:n], []byte(m.To), m.Data)
}

func (s *seat) Slow() {
	if now := time.Now(); now.Sub(s.slow) >= slowTime {
		s.slow = now
		s.link.send(s.epoch, kindSlow, s.client)
	}
}

func (s *seat) Leave() {
	l := s.link
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.epoch == l.mine && l.seats[s.client] == s {
		delete(l.seats, s.client)
		l.put(s.epoch, kindLeave, s.client)
	}
}

// fence ends our clients in a room on this link that were let in before that term.
func (l *link) fence(room string, t term) {
	l.mu.Lock()
	var out []*seat
	for client, s := range l.seats {
		if s.room == room && s.term.before(t) {
			delete(l.seats, client)
			l.put(s.epoch, kindLeave, client)
			out = append(out, s)
		}
	}
	l.mu.Unlock()
	for i, s := range out {
		s.lost(i)
	}
}

// rooms adds the rooms in which we have clients on this link.
func (l *link) rooms(to map[string]bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.seats {
		to[s.room] = true
	}
}

// lost tells the client that its room is out of reach, as the nth of many, and reports
// whether it was in the room.
func (s *seat) lost(n int) bool {
	s.link.mu.Lock()
	in := s.in
	s.link.mu.Unlock()
	if !in {
		s.entered <- relay.ErrMoved
		return false
	}
	s.to.End(errLost(n))
	return true
}

// told does what the room's node says to the client.
func (l *link) told(epoch uint64, f frame) {
	l.mu.Lock()
	s := l.seats[f.client]
	if s == nil || l.mine != epoch {
		l.mu.Unlock()
		return
	}
	in := s.in
	switch f.kind {
	case kindWelcome:
		s.in = true
	case kindEnd, kindMoved:
		delete(l.seats, f.client)
	}
	l.mu.Unlock()

	switch f.kind {
	case kindWelcome:
		var others []wire.Member
		if json.Unmarshal(f.body, &others) == nil && !in {
			s.to.Welcome(others)
			s.entered <- nil
		}
	case kindText:
		s.to.Send(f.body)
	case kindCharge:
		s.to.Charge(readCharge(f.body))
	case kindMoved:
		l.node.claims.doubt(s.room, s.term)
		s.ended(in, relay.ErrMoved, errLost(0))
	case kindEnd:
		reason := new(wire.Error)
		if json.Unmarshal(f.body, reason) != nil || wire.CloseCode(reason.Code) == 0 {
			reason = errLost(0)
		}
		s.ended(in, reason, reason)
	}
}

// ended tells the client why it did not get in, or why it is out.
func (s *seat) ended(in bool, refused error, out *wire.Error) {
	if in {
		s.to.End(out)
	} else {
		s.entered <- refused
	}
}

func appendCharge(b []byte, numbers ...int) []byte {
	for _, n := range numbers {
		b = binary.AppendUvarint(b, uint64(n))
	}
	return b
}

// maxCharge is more than any number of a charge: what a node sends wrongly costs a client
// no more than a pause.
const maxCharge = 1 << 30

func readCharge(b []byte) (bytes, frames, toll int) {
	for _, to := range []*int{&bytes, &frames, &toll} {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			break
		}
		*to = int(min(v, maxCharge))
		b = b[n:]
	}
	return bytes, frames, toll
}
