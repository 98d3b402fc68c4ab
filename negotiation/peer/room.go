package peer

import (
	"errors"
	"fmt"
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/signaling"
)

func (p *Peer) disconnected(err error, retry time.Duration, final bool) {
	var refused *signaling.Error
	switch errors.As(err, &refused); {
	case final && refused.Code == signaling.CodeReplaced:
		p.trace(RelayReplaced, "")
	case final:
		p.trace(RelayRefused, refused.Message)
	default:
		p.trace(RelayLost, fmt.Sprintf("%v; trying again in %.1f s", err, retry.Seconds()))
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
	case e.Error != nil && e.Error.Code == signaling.CodeNotFound:
		p.trace(PeerAbsent, e.Error.Message) // the news that it left are on their way
	case e.Error != nil:
		p.trace(RelayWarning, e.Error.Message)
	default:
		if r := p.remotes[e.From]; r != nil {
			r.received(e)
		}
	}
}

// welcome begins a connection to the relay, the first one or another. What was
// sent meanwhile is lost, so pairings that the relay carries begin anew.
func (p *Peer) welcome(w signaling.Welcome) {
	p.self.ID = w.ID
	p.servers = nil
	for _, s := range w.ICEServers {
		p.servers = append(p.servers, webrtc.ICEServer{URLs: s.URLs, Username: s.Username, Credential: s.Credential})
	}
	p.trace(RoomJoined, w.Room)
	listed := map[string]bool{}
	for _, m := range w.Peers {
		listed[m.ID] = true
		if r := p.remotes[m.ID]; r != nil {
			r.end("the relay was gone")
			r.session = newSession()
		}
		p.joined(m)
	}
	for id := range p.remotes {
		if !listed[id] {
			p.left(id)
		}
	}
}

func (p *Peer) joined(m signaling.Member) {
	r := p.remotes[m.ID]
	if r == nil {
		r = &remote{peer: p, id: m.ID, session: newSession()}
		p.remotes[m.ID] = r
	}
	r.present = true
	r.rank = m.Rank
	var err error
	r.polite, err = polite(p.self, m)
	r.trace(PeerJoined, m.ID)
	switch {
	case err != nil:
		r.trace(PeerNotPaired, err.Error())
		r.end("")
		delete(p.remotes, m.ID)
	case m.Rank != nil:
		r.send(signaling.Envelope{Session: r.session, Hello: &signaling.Hello{Source: negotiation.Source(), Version: p.config.Version}})
	default:
		r.end("it came anew")
		r.pair("")
	}
}

func (p *Peer) left(id string) {
	r := p.remotes[id]
	if r == nil {
		return
	}
	r.present = false
	r.trace(PeerLeft, id)
	r.endIfGone()
}
