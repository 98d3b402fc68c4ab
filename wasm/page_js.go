package main

import (
	"context"
	"fmt"
	"strings"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/peer"
	"perfect-negotiation/negotiation/signaling"
)

// page shows one Peer. After join it is used on the Peer's goroutine only.
type page struct {
	d    document
	peer *peer.Peer
	log  logView

	el    map[string]element
	peers map[string]*row // by id
	retry func(element)   // what the notice offers; nil: nothing

	trying  bool // the notice says that the relay is gone
	verbose bool // the log tells all

	sources []*source
	tiles   map[string]map[string]*tile // by peer and track
}

// row is a peer in the list.
type row struct {
	item     element
	role     string
	state    string
	stalled  bool    // it acknowledges nothing
	channels int     // open data channels
	option   element // in the choice of whom to write to
}

var ids = []string{
	"connect", "renegotiate", "message", "send", "chat-form", "log", "status", "role",
	"peers", "signal", "source", "notice", "notice-text", "notice-action", "progress", "to", "self",
	"restart", "camera", "microphone", "screen", "pattern", "media", "media-error",
}

func newPage(d document) (*page, error) {
	p := &page{d: d, el: map[string]element{}, peers: map[string]*row{}, sources: sources(), tiles: map[string]map[string]*tile{}}
	for _, id := range ids {
		e, err := d.byID(id)
		if err != nil {
			return nil, err
		}
		p.el[id] = e
	}
	p.log = logView{d: d, list: p.el["log"]}
	p.verbose = verbose()
	return p, nil
}

// join joins the room that the page is about and hands the controls over.
func (p *page) join(ctx context.Context) error {
	role := p.d.data("view")
	if role == "room" {
		role = ""
	}
	var err error
	p.peer, err = peer.Join(ctx, peer.Config{
		Options: signaling.Options{Server: origin(), Room: p.d.data("room"), Role: role, Rank: rank(), Key: key()},
		Connect: role == "",
		Verbose: p.verbose,
		Trace:   p.show,
		OnTrack: func(from string, track peer.RemoteTrack) { p.addTile(from, track.Value) },
	})
	if err != nil {
		return err
	}
	if err := p.listen(); err != nil {
		return err
	}
	if role != "" {
		p.setRole(role)
	}
	p.el["signal"].data("state", "connecting")
	p.el["signal"].setText("connecting")
	if source := p.d.data("source"); source != "" && source != negotiation.Source() {
		p.notice("This page was built from other negotiation source than the server runs. Run “make build”, start the server again, and reload.", "Reload", reload)
	}
	p.el["progress"].set("hidden", true)
	p.setControls(true)
	p.d.setData("ready", "true")
	return nil
}

func (p *page) listen() error {
	window, err := global("window")
	if err != nil {
		return err
	}
	type listener struct {
		on    element
		event string
		f     func(element)
	}
	listeners := []listener{
		{p.el["connect"], "click", func(element) { p.peer.Connect() }},
		{p.el["renegotiate"], "click", func(element) { p.peer.Renegotiate() }},
		{p.el["restart"], "click", func(element) { p.peer.RestartICE() }},
		{p.el["chat-form"], "submit", p.submit},
		{p.el["notice-action"], "click", func(e element) {
			if p.retry != nil {
				p.retry(e)
			}
		}},
		{element{window}, "pagehide", func(element) { p.peer.Close() }},
		{element{window}, "online", p.checkRelay},
		{element{window}, "offline", p.checkRelay},
		{element{p.d.root}, "visibilitychange", p.checkRelay}, // it may have slept
		{element{p.d.root}, "resume", p.checkRelay},
	}
	for _, s := range p.sources {
		listeners = append(listeners, listener{p.el[s.id], "click", func(element) { p.toggle(s) }})
	}
	for _, l := range listeners {
		if _, err := l.on.on(l.event, l.f); err != nil { // for as long as the page lives
			return err
		}
	}
	return nil
}

func (p *page) checkRelay(element) { p.peer.CheckRelay() }

// submit sends the line. Saying waits, which a handler of the browser must not.
func (p *page) submit(event element) {
	_, _ = event.Call("preventDefault")
	line := text(p.el["message"].Value, "value")
	if line == "" {
		return
	}
	to := text(p.el["to"].Value, "value")
	p.el["message"].set("value", "")
	go func() {
		if p.peer.Say(to, line) != nil && text(p.el["message"].Value, "value") == "" {
			p.el["message"].set("value", line) // what was not sent is not lost
		}
	}()
}

// show takes an event of the trace to the page.
func (p *page) show(e negotiation.Event) {
	if p.verbose || e.Level() != negotiation.LevelDebug {
		p.log.add(e)
	}
	switch e.Kind {
	case peer.RelayConnected, peer.RoomJoined, peer.RelayLost, peer.RelayRefused, peer.RelayReplaced:
		p.showRelay(e)
	case peer.PeerJoined:
		p.row(e)
	case peer.PeerNotPaired:
		p.remove(e.Peer)
	case peer.Paired:
		r := p.row(e)
		r.role = e.Role
		p.setState(e.Peer, "new")
		p.setRole(e.Role)
	case peer.Connected:
		p.setState(e.Peer, "connected")
	case peer.ConnectionState:
		p.setState(e.Peer, e.Detail)
	case peer.Unpaired:
		p.setState(e.Peer, "closed")
		p.removeTiles(e.Peer)
	case peer.PeerGone:
		p.remove(e.Peer)
	case peer.SignalingStalled, peer.SignalingResumed:
		if r := p.peers[e.Peer]; r != nil {
			r.stalled = e.Kind == peer.SignalingStalled
			p.setState(e.Peer, r.state)
		}
	case peer.ChannelOpened:
		p.channels(e, 1)
	case peer.ChannelClosed:
		p.channels(e, -1)
	case peer.SourceSame:
		p.el["source"].data("match", "same")
		p.el["source"].setText("identical on the other side (" + e.Detail + ")")
	case peer.SourceDiffers:
		p.el["source"].data("match", "different")
		p.el["source"].setText("another version on the other side (" + e.Detail + ")")
	}
}

func (p *page) showRelay(e negotiation.Event) {
	state, words := "connecting", "connecting"
	switch e.Kind {
	case peer.RoomJoined:
		state, words = "connected", "connected"
		p.el["self"].data("id", p.peer.ID())
		p.el["self"].setText(shortID(p.peer.ID()))
		if p.trying {
			p.trying = false
			p.el["notice"].set("hidden", true)
		}
	case peer.RelayLost:
		state, words = "gone", "trying again"
		reason := e.Detail
		if i := strings.LastIndex(e.Detail, "; "); i >= 0 {
			reason, words = e.Detail[:i], e.Detail[i+2:]
		}
		what := "The relay cannot be reached"
		if said, ok := strings.CutPrefix(reason, "relay: "); ok {
			what = "The relay says: " + said
		}
		p.notice(what+"; "+words+". Peers that are connected stay connected.", "Try now", p.checkRelay)
		p.trying = true
	case peer.RelayReplaced:
		state, words = "gone", "replaced"
		p.notice("This peer was opened in another tab, which has taken over.", "Use it here", reload)
		p.setControls(false)
	case peer.RelayRefused:
		state, words = "gone", "refused"
		p.notice("The relay refuses: "+e.Detail, "Try again", reload)
		p.setControls(false)
	}
	p.el["signal"].data("state", state)
	p.el["signal"].setText(words)
}

func (p *page) setRole(role string) {
	p.el["role"].data("role", role)
	p.el["role"].setText(role)
}

// row returns the entry of a peer in the list and makes it if it is new.
func (p *page) row(e negotiation.Event) *row {
	r := p.peers[e.Peer]
	if r == nil {
		r = &row{item: p.d.create("li", ""), option: p.d.create("option", ""), role: e.Role, state: "new"}
		r.item.data("peer", e.Peer)
		r.option.set("value", e.Peer)
		r.option.setText(shortID(e.Peer))
		p.peers[e.Peer] = r
		p.el["peers"].append(r.item.Value)
		p.setState(e.Peer, "new")
	}
	return r
}

// setState shows the state of the connection to a peer. The status is that of
// the best of all.
func (p *page) setState(id, state string) {
	r := p.peers[id]
	if r == nil {
		return
	}
	r.state = state
	r.item.data("state", state)
	words := fmt.Sprintf("%s · we are %s · %s", shortID(id), r.role, state)
	if r.stalled {
		words += " · signalling is stalled"
	}
	r.item.setText(words)
	best := state
	for _, other := range p.peers {
		if other.state == "connected" {
			best = "connected"
		}
	}
	p.setStatus(best)
}

func shortID(id string) string { return id[:min(6, len(id))] }

func (p *page) setStatus(state string) {
	p.el["status"].data("state", state)
	p.el["status"].setText(state)
}

func (p *page) remove(id string) {
	r := p.peers[id]
	if r == nil {
		return
	}
	delete(p.peers, id)
	_, _ = r.item.Call("remove")
	_, _ = r.option.Call("remove")
	p.showChat()
	for other, r := range p.peers {
		p.setState(other, r.state)
	}
}

func (p *page) channels(e negotiation.Event, change int) {
	if r := p.peers[e.Peer]; r != nil {
		r.channels += change
		p.showChat()
	}
}

// showChat lets the reader write when somebody can read it.
func (p *page) showChat() {
	open := 0
	for _, r := range p.peers {
		if r.channels > 0 {
			open++
			p.el["to"].append(r.option.Value)
		} else {
			_, _ = r.option.Call("remove")
		}
	}
	p.el["message"].set("disabled", open == 0)
	p.el["send"].set("disabled", open == 0)
	p.el["to"].set("hidden", open < 2)
}

// notice says what went wrong and, with a label, offers a way on.
func (p *page) notice(words, label string, action func(element)) {
	p.retry = action
	p.el["notice-text"].setText(words)
	p.el["notice-action"].setText(label)
	p.el["notice-action"].set("hidden", label == "")
	p.el["notice"].set("hidden", false)
}

// setControls lets the reader use the buttons, or not.
func (p *page) setControls(enabled bool) {
	for _, id := range []string{"connect", "renegotiate", "restart", "camera", "microphone", "screen", "pattern"} {
		p.el[id].set("disabled", !enabled)
	}
}
