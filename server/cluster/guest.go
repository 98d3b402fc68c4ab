package cluster

import (
	"encoding/json"

	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/server/relay"
)

// guest is a client of another node in a room of this one. It is the [relay.Receiver]
// that sends it what the room says. It holds the claim of the room.
type guest struct {
	link   *link
	epoch  uint64 // of the link
	client uint64
	claim  *claim
	guest  *relay.Guest // nil until it is in; guarded by link.mu
}

// requested does what a client of another node asks for.
func (l *link) requested(epoch uint64, f frame) {
	if f.kind == kindJoin {
		l.invite(epoch, f)
		return
	}
	l.mu.Lock()
	g := l.guests[f.client]
	if g == nil || g.guest == nil || l.mine != epoch {
		l.mu.Unlock()
		return
	}
	if f.kind == kindLeave {
		delete(l.guests, f.client)
	}
	l.mu.Unlock()

	switch f.kind {
	case kindSay:
		g.guest.Pass(relay.Message{Data: f.body})
	case kindTell:
		if to, data, ok := cutBytes(f.body); ok {
			g.guest.Pass(relay.Message{To: string(to), Addressed: true, Data: data})
		}
	case kindSlow:
		g.guest.Slow()
	case kindLeave:
		g.leave()
	}
}

// invite lets a client in, if the room lives here.
func (l *link) invite(epoch uint64, f frame) {
	n := l.node
	var j join
	if json.Unmarshal(f.body, &j) != nil || !validEntrance(j.Entrance) {
		l.send(epoch, kindMoved, f.client)
		return
	}
	claim := n.claims.hold(j.Entrance.Room, j.Term)
	if claim == nil {
		l.send(epoch, kindMoved, f.client)
		return
	}
	g := &guest{link: l, epoch: epoch, client: f.client, claim: claim}
	if !l.add(g) {
		n.claims.leave(claim)
		return
	}
	member, refused := n.relay.Invite(j.Entrance, g)
	if refused != nil {
		g.End(refused)
		return
	}
	l.mu.Lock()
	in := l.mine == epoch && l.guests[f.client] == g
	g.guest = member
	l.mu.Unlock()
	if !in { // the link broke meanwhile, or the room ended
		member.Leave()
	} else if !n.claims.holds(claim) { // the room ended before it was in
		member.Leave()
		g.End(errLost(0))
	}
}

// add notes a guest that is about to enter.
func (l *link) add(g *guest) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mine != g.epoch || l.guests[g.client] != nil {
		return false
	}
	l.begin()
	l.guests[g.client] = g
	return true
}

// validEntrance reports whether the relay of a client would have let that entrance pass.
func validEntrance(e relay.Entrance) bool {
	return wire.ValidRoom(e.Room) && e.Member.ID != "" && wire.ValidRole(e.Member.Role) &&
		(e.Member.Rank == nil || wire.ValidRank(*e.Member.Rank))
}

// leave takes a guest out of the room that is on the link no longer.
func (g *guest) leave() {
	g.link.mu.Lock()
	member := g.guest
	g.link.mu.Unlock()
	if member != nil {
		member.Leave()
	}
	g.link.node.claims.leave(g.claim)
}

func (g *guest) Welcome(others []wire.Member) { g.send(kindWelcome, encode(others)) }
func (g *guest) Send(text []byte)             { g.send(kindText, text) }

func (g *guest) Charge(bytes, frames, toll int) {
	g.send(kindCharge, appendCharge(nil, bytes, frames, toll))
}

// End also lets go of the guest, whom the room knows no more.
func (g *guest) End(reason *wire.Error) {
	l := g.link
	l.mu.Lock()
	present := l.guests[g.client] == g
	if present {
		delete(l.guests, g.client)
		l.put(g.epoch, kindEnd, g.client, encode(reason))
	}
	l.mu.Unlock()
	if present {
		l.node.claims.leave(g.claim)
	}
}

func (g *guest) send(k kind, body []byte) { g.link.send(g.epoch, k, g.client, body) }

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // unreachable: it has only strings and numbers
	}
	return b
}
