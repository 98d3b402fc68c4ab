package peer

import (
	"errors"
	"fmt"
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/wire"
)

func (p *Peer) disconnected(err error, retry time.Duration, final bool) {
	p.online = false
	for _, r := range p.remotes {
		r.pace.update()
	}
	var refused *wire.Error
	code := ""
	if errors.As(err, &refused) {
		code = refused.Code
	}
	switch {
	case final && code == wire.CodeReplaced:
		p.traceCode(RelayReplaced, code, "")
	case final:
		p.traceCode(RelayRefused, code, refused.Message)
	default:
		p.traceCode(RelayLost, code, fmt.Sprintf("%v; trying again in %.1f s", err, retry.Seconds()))
	}
}

func (p *Peer) received(e signaling.Envelope) {
	switch {
	case e.Welcome != nil:
		p.welcome(*e.Welcome)
	case e.Joined != nil:
		p.joined(*e.Joined)
	case e.Left != nil:
		p.left(e.Left.ID)
	case e.Error != nil && e.Error.Code == wire.CodeNotFound:
		p.traceCode(PeerAbsent, e.Error.Code, e.Error.Message) // the news that it left are on their way
	case e.Error != nil:
		p.traceCode(RelayWarning, e.Error.Code, e.Error.Message)
	default:
		if r := p.remotes[e.From]; r != nil {
			r.received(e)
		}
	}
}

// welcome begins a connection to the relay, the first one or another.
func (p *Peer) welcome(w wire.Welcome) {
	p.online = true
	p.self.ID = w.ID
	p.mu.Lock()
	p.id = w.ID
	p.mu.Unlock()
	p.servers = nil
	for _, s := range w.ICEServers {
		p.servers = append(p.servers, webrtc.ICEServer{URLs: s.URLs, Username: s.Username, Credential: s.Credential})
	}
	p.trace(RoomJoined, w.Room)
	if w.Protocol > wire.Protocol {
		p.trace(ProtocolNewer, newer("the relay", w.Protocol))
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
		r.forget() // it came anew, and has no other way to say so
	}
	p.met(m)
}

// met is called when we have connected to the relay, or the other peer has.
func (p *Peer) met(m wire.Member) {
	politely, err := polite(p.self, m)
	r := p.remotes[m.ID]
	if r != nil && (err != nil || politely != r.polite || m.Rank == nil && !r.plain) {
		r.forget() // another one, with the same key
		r = nil
	}
	if r == nil {
		r = newRemote(p, m.ID)
		r.polite, r.plain = politely, m.Rank == nil
		p.remotes[m.ID] = r
		r.trace(PeerJoined, m.ID)
	} else if !r.present {
		r.trace(PeerBack, m.ID)
	}
	if err != nil {
		r.trace(PeerNotPaired, err.Error())
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
	r.pace.begin()
	r.flush()
	if r.pairing != nil {
		r.pairing.recovery.met()
	}
}

func (p *Peer) left(id string) {
	r := p.remotes[id]
	if r == nil || !r.present {
		return
	}
	r.present = false
	r.trace(PeerLeft, id)
	r.pace.update()
	r.forgetIfGone()
}
