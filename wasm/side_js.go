package main

import (
	"context"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/peer"
	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/negotiation/trace"
)

// side shows one Peer. After join it is used on the Peer's goroutine and by the
// handlers of the browser, which WASM runs one at a time.
type side struct {
	*page
	name string // in a demo: left or right
	of   *side  // the page's own side, whose other side this is; nil: it is that itself
	peer *peer.Peer

	el      map[string]element
	roster  peer.Roster
	changed []string           // the ids of the peers that have changed since they were drawn
	items   map[string]element // by id: the peers in the list
	options map[string]element // by id: whom the reader can choose to write to
	role    wire.Role          // that the page asks for; empty: the ranks decide
	status  string
	ended   bool // another tab has taken over, or the relay does not want us

	connection *webrtc.PeerConnection // the newest

	sources []*source
	tiles   map[string]map[string]*tile // by peer and track
}

var sideIDs = []string{
	"connect", "collide", "renegotiate", "restart", "status", "role", "peers", "signal", "source", "self",
	"message", "send", "chat-form", "to",
	"camera", "microphone", "screen", "pattern", "media", "media-error",
}

// newSide returns the side whose elements have ids with this prefix. The page's own side,
// which has none, has all of them.
func (p *page) newSide(prefix string) (*side, error) {
	s := &side{page: p, el: map[string]element{}, items: map[string]element{}, options: map[string]element{}, status: "new", sources: sources(), tiles: map[string]map[string]*tile{}}
	for _, id := range sideIDs {
		e, err := p.d.byID(prefix + id)
		if err != nil && prefix == "" {
			return nil, err
		}
		s.el[id] = e
	}
	p.sides = append(p.sides, s)
	return s, nil
}

func (s *side) join(ctx context.Context, config peer.Config) (err error) {
	config.Verbose = s.verbose
	config.Trace = s.show
	if s.of == nil { // of the other side of a demo a file has events alone
		config.OnInput = s.record
	}
	config.NewPeerConnection = s.newConnection
	config.OnTrack = func(_ *peer.Peer, from string, track peer.RemoteTrack) { s.addTile(from, track.Value) }
	s.peer, err = peer.Join(ctx, config)
	s.showRole()
	s.el["signal"].data("state", "connecting")
	s.el["signal"].setText("connecting")
	return err
}

func (s *side) listeners() []listener {
	list := []listener{
		{s.el["connect"], "click", func(element) { s.peer.Connect() }},
		{s.el["renegotiate"], "click", func(element) { s.peer.Renegotiate() }},
		{s.el["restart"], "click", func(element) { s.peer.RestartICE() }},
		{s.el["chat-form"], "submit", s.submit},
		{s.el["to"], "change", func(element) { s.showChat() }},
	}
	list = append(list, (&collideButton{side: s}).listeners()...)
	for _, src := range s.sources {
		list = append(list, listener{s.el[src.id], "click", func(element) { s.toggle(src) }})
	}
	return list
}

// newConnection makes the connection of a pairing, which is told next.
func (s *side) newConnection(c webrtc.Configuration) (pc *webrtc.PeerConnection, err error) {
	s.connection, err = peer.NewPeerConnection(c)
	return s.connection, err
}

// show takes an event of the trace to the page.
func (s *side) show(e trace.Event) {
	line := s.line(e)
	repeated := e.Kind == trace.RelayLost && s.outage == outage(e)
	s.frame.do(func() {
		if line.Side == trace.Here || e.Peer != "" {
			s.inspect.add(line)
		}
		if s.verbose || e.Level() != trace.LevelDebug && !repeated {
			s.log.add(e, line.Event.Life, s.name)
		}
	})
	if s.roster.Apply(e) {
		s.change(e.Peer)
		s.log.many = s.log.many || len(s.roster.Entries()) > 1
	}
	switch e.Kind {
	case trace.RelayConnected, trace.RoomJoined, trace.RelayLost, trace.RelayRefused, trace.RelayReplaced:
		s.showRelay(e)
	case trace.Paired:
		if s.of == nil {
			s.inspect.paired(e.Peer, s.connection)
		}
	case trace.Unpaired:
		if s.of == nil {
			s.inspect.unpaired(e.Peer)
		}
		s.removeTiles(e.Peer)
	case trace.CollideArmed, trace.CollideGivenUp:
		s.el["collide"].data("armed", string(e.Code)) // what it waits for, or why no more
	case trace.CollisionRollback:
		s.collided("Offers collided: ours is taken back")
	case trace.CollisionIgnored:
		s.collided("Offers collided: the other one is ignored")
	}
	if s.demo != nil {
		s.demo.observe(e)
	}
}

// record takes what came into a negotiation to the page.
func (s *side) record(in trace.Input) {
	in.Life = s.life(in.Life)
	s.frame.do(func() { s.inspect.record(in) })
}

// say tells what this side does, if it is the page's own.
func (s *side) say(words string) {
	if s.of == nil {
		s.page.say(words)
	}
}

func (s *side) collided(words string) {
	s.el["collide"].data("armed", "")
	s.say(words)
}

// end is called when this side can be a peer no more.
func (s *side) end() {
	s.ended = true
	s.leave()
	s.setControls(false)
	s.trouble.end()
}

// leave ends the Peer.
func (s *side) leave() {
	for _, src := range s.sources {
		s.stopSource(src)
	}
	for _, r := range s.roster.Entries() {
		s.roster.Apply(trace.Event{Kind: trace.PeerGone, Peer: r.ID})
		s.change(r.ID)
	}
	s.peer.Close()
}

// setControls lets the reader use the buttons, or not.
func (s *side) setControls(enabled bool) {
	for _, id := range []string{"connect", "renegotiate", "restart", "camera", "microphone", "screen", "pattern"} {
		s.el[id].set("disabled", !enabled)
	}
}
