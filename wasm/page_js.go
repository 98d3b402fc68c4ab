package main

import (
	"context"

	"github.com/hack-pad/safejs"
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/peer"
	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/negotiation/trace"
	"perfect-negotiation/negotiation/webapi"
)

// page shows one Peer. After join it is used on the Peer's goroutine and by the
// handlers of the browser, which WASM runs one at a time.
type page struct {
	d       document
	peer    *peer.Peer
	log     logView
	inspect *inspector

	el      map[string]element
	roster  peer.Roster
	items   map[string]element // by id: the peers in the list
	options map[string]element // by id: whom the reader can choose to write to
	role    wire.Role          // that the page asks for; empty: the ranks decide
	status  string

	connection *webrtc.PeerConnection // the newest

	act    safejs.Func   // calls retry
	retry  func(element) // what our notice offers
	outage string        // our notice that the relay is gone; empty: it is not

	ended   bool // another tab has taken over, or the relay does not want us
	verbose bool // the log tells all

	sources []*source
	tiles   map[string]map[string]*tile // by peer and track
}

var ids = []string{
	"connect", "renegotiate", "message", "send", "chat-form", "log", "status", "role",
	"peers", "signal", "source", "notice", "notice-text", "notice-action", "progress", "to", "self",
	"collide", "restart", "camera", "microphone", "screen", "pattern", "media", "media-error", "main", "said",
}

func newPage(d document) (*page, error) {
	p := &page{d: d, el: map[string]element{}, items: map[string]element{}, options: map[string]element{}, status: "new", sources: sources(), tiles: map[string]map[string]*tile{}}
	for _, id := range ids {
		e, err := d.byID(id)
		if err != nil {
			return nil, err
		}
		p.el[id] = e
	}
	p.log = logView{d: d, list: p.el["log"]}
	p.verbose = verbose()
	var err error
	p.inspect, err = newInspector(d)
	return p, err
}

// join joins the room that the page is about and hands the controls over.
func (p *page) join(ctx context.Context) error {
	if view := p.d.data("view"); view != "room" {
		p.role = wire.Role(view)
	}
	var err error
	p.peer, err = peer.Join(ctx, peer.Config{
		Options:           signaling.Options{Server: origin(), Room: p.d.data("room"), Role: p.role, Key: key()},
		Connect:           p.role == "",
		Verbose:           p.verbose,
		Trace:             p.show,
		OnRemoteTrace:     func(_ string, l trace.Line) { p.inspect.add(l) },
		NewPeerConnection: p.newConnection,
		OnTrack:           func(from string, track peer.RemoteTrack) { p.addTile(from, track.Value) },
	})
	if err != nil {
		return err
	}
	if err := p.listen(); err != nil {
		return err
	}
	p.showRole()
	p.el["signal"].data("state", "connecting")
	p.el["signal"].setText("connecting")
	if source := p.d.data("source"); source != "" && source != negotiation.Source {
		p.notice("This page was built from other negotiation source than the server runs. Run “make build”, start the server again, and reload.", "Reload", reload)
	}
	p.el["progress"].set("hidden", true)
	p.setControls(true)
	p.d.setData("ready", "true")
	return nil
}

// listener is a handler for as long as the page lives.
type listener struct {
	on    element
	event string
	f     func(element)
}

func (p *page) listen() error {
	window, err := global("window")
	if err != nil {
		return err
	}
	p.act, err = webapi.FuncOf(func(safejs.Value, []safejs.Value) any {
		p.retry(element{})
		return nil
	})
	if err != nil {
		return err
	}
	listeners := []listener{
		{p.el["connect"], "click", func(element) { p.peer.Connect() }},
		{p.el["renegotiate"], "click", func(element) { p.peer.Renegotiate() }},
		{p.el["restart"], "click", func(element) { p.peer.RestartICE() }},
		{p.el["chat-form"], "submit", p.submit},
		{p.el["to"], "change", func(element) { p.showChat() }},
		{element{window}, "pagehide", func(element) { p.peer.Close() }},
		{element{window}, "online", p.checkRelay},
		{element{window}, "offline", p.checkRelay},
		{element{p.d.root}, "visibilitychange", p.checkRelay}, // it may have slept
		{element{p.d.root}, "resume", p.checkRelay},
		{element{p.d.root}, "visibilitychange", func(element) { p.inspect.give() }},
	}
	listeners = append(listeners, (&collideButton{page: p}).listeners()...)
	for _, s := range p.sources {
		listeners = append(listeners, listener{p.el[s.id], "click", func(element) { p.toggle(s) }})
	}
	for _, l := range listeners {
		if _, err := l.on.on(l.event, l.f); err != nil {
			return err
		}
	}
	return nil
}

func (p *page) checkRelay(element) { p.peer.CheckRelay() }

// newConnection makes the connection of a pairing, which is told next.
func (p *page) newConnection(c webrtc.Configuration) (pc *webrtc.PeerConnection, err error) {
	p.connection, err = peer.NewPeerConnection(c)
	return p.connection, err
}

// show takes an event of the trace to the page.
func (p *page) show(e trace.Event) {
	p.inspect.add(trace.LineOf(e))
	repeated := e.Kind == trace.RelayLost && p.outage == outage(e)
	if p.verbose || e.Level() != trace.LevelDebug && !repeated {
		p.log.add(e)
	}
	if p.roster.Apply(e) {
		p.showPeer(e.Peer)
	}
	switch e.Kind {
	case trace.RelayConnected, trace.RoomJoined, trace.RelayLost, trace.RelayRefused, trace.RelayReplaced:
		p.showRelay(e)
	case trace.Paired:
		p.inspect.paired(e.Peer, p.connection)
	case trace.Unpaired:
		p.inspect.unpaired(e.Peer)
		p.removeTiles(e.Peer)
	case trace.CollideArmed, trace.CollideGivenUp:
		p.el["collide"].data("armed", string(e.Code)) // what it waits for, or why no more
	case trace.CollisionRollback:
		p.collided("Offers collided: ours is taken back")
	case trace.CollisionIgnored:
		p.collided("Offers collided: the other one is ignored")
	}
}

func (p *page) collided(words string) {
	p.el["collide"].data("armed", "")
	p.say(words)
}

// say tells something to those who do not see the page.
func (p *page) say(words string) { p.el["said"].setText(words) }

// end is called when this page can be a peer no more.
func (p *page) end() {
	p.ended = true
	for _, s := range p.sources {
		p.stopSource(s)
	}
	p.setControls(false)
	for _, r := range p.roster.Entries() {
		p.roster.Apply(trace.Event{Kind: trace.PeerGone, Peer: r.ID})
		p.showPeer(r.ID)
	}
	p.peer.Close()
}

// setControls lets the reader use the buttons, or not.
func (p *page) setControls(enabled bool) {
	for _, id := range []string{"connect", "renegotiate", "restart", "camera", "microphone", "screen", "pattern"} {
		p.el[id].set("disabled", !enabled)
	}
}
