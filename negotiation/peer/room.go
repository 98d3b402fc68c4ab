package peer

import (
	"errors"
	"fmt"
	"time"

	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/negotiation/trace"
)

func (p *Peer) disconnected(err error, retry time.Duration, final bool) {
	p.online = false
	for _, r := range p.remotes {
		r.retransmission.update()
	}
	var refused *wire.Error
	e := trace.Event{Err: err}
	if errors.As(err, &refused) {
		e.Code = trace.Code(refused.Code)
	}
	switch {
	case final && e.Code == wire.CodeReplaced:
		e.Kind = trace.RelayReplaced
	case final:
		e.Kind, e.Detail = trace.RelayRefused, refused.Message
	default:
		e.Kind, e.Detail = trace.RelayLost, fmt.Sprintf("%v; trying again in %.1f s", err, retry.Seconds())
		e.Next = time.Now().Add(retry)
	}
	p.tell(e)
}

func (p *Peer) received(e signaling.Envelope) {
	switch {
	case e.Welcome != nil:
		p.welcome(*e.Welcome)
	case e.Joined != nil:
		p.joined(*e.Joined)
	case e.Left != nil:
		p.left(e.Left.ID)
	case e.ICEServers != nil && e.From == "": // a relay that does not know the field passes on a peer's
		p.setICEServers(e.ICEServers)
	case e.Error != nil && e.Error.Code == wire.CodeNotFound:
		p.tell(trace.Event{Kind: trace.PeerAbsent, Code: trace.Code(e.Error.Code), Detail: e.Error.Message}) // the message that it left is on its way
	case e.Error != nil:
		p.tell(trace.Event{Kind: trace.RelayWarning, Code: trace.Code(e.Error.Code), Detail: e.Error.Message})
	default:
		if r := p.remotes[e.From]; r != nil {
			r.received(e)
		}
	}
}

// welcome is called for each connection to the relay, the first and later ones.
func (p *Peer) welcome(w wire.Welcome) {
	p.online = true
	p.self.ID = w.ID
	if w.Role != "" {
		p.self.Role = w.Role
	}
	p.mu.Lock()
	p.id = w.ID
	p.mu.Unlock()
	p.setICEServers(w.ICEServers)
	p.tell(trace.Event{Kind: trace.RoomJoined, Detail: w.Room})
	if w.Protocol > wire.Protocol {
		p.tell(trace.Event{Kind: trace.ProtocolNewer, Detail: newer("the relay", w.Protocol)})
	}
	listed := map[string]bool{}
	for _, m := range w.Peers {
		listed[m.ID] = true
		p.met(m)
	}
	for id := range p.remotes {
		if !listed[id] {
			p.left(id)
		}
	}
}

func newer(speaker string, spoken int) string {
	return fmt.Sprintf("%s: %d, here %d", speaker, spoken, wire.Protocol)
}

// joined is called when a peer has connected to the relay.
func (p *Peer) joined(m wire.Member) {
	if r := p.remotes[m.ID]; r != nil && r.plain {
		r.forget() // it reconnected, and has no other way to say so
	}
	p.met(m)
}

// met is called when either we or the other peer have connected to the relay.
func (p *Peer) met(m wire.Member) {
	politely, err := polite(p.self, m)
	r := p.remotes[m.ID]
	if r != nil && (err != nil || politely != r.polite || m.Rank == nil && !r.plain) {
		r.forget() // a different program with the same key
		r = nil
	}
	if r == nil {
		r = newRemote(p, m.ID)
		r.polite, r.plain = politely, m.Rank == nil
		p.remotes[m.ID] = r
		r.tell(trace.Event{Kind: trace.PeerJoined, Detail: m.ID})
	} else if !r.present {
		r.tell(trace.Event{Kind: trace.PeerBack, Detail: m.ID})
	}
	if err != nil {
		r.tell(trace.Event{Kind: trace.PeerNotPaired, Code: trace.CodeOf(err), Err: err, Detail: err.Error()})
		delete(p.remotes, m.ID)
		return
	}
	r.present = true
	r.forgetIfGone()
	if r.plain {
		r.pairPlain()
		return
	}
	r.link.Again()
	r.retransmission.Begin()
	r.flush()
	if r.pairing != nil {
		r.pairing.recovery.Reached()
	}
}

func (p *Peer) left(id string) {
	r := p.remotes[id]
	if r == nil || !r.present {
		return
	}
	r.present = false
	r.tell(trace.Event{Kind: trace.PeerLeft, Detail: id})
	r.retransmission.update()
	r.forgetIfGone()
}
