package main

import (
	"context"

	"github.com/hack-pad/safejs"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/peer"
	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/negotiation/trace"
	"perfect-negotiation/negotiation/webapi"
)

// page is what its sides share: the document, the log, the notice.
type page struct {
	d       document
	el      map[string]element
	log     logView
	inspect inspector
	frame   *frame
	trouble *troubleForm
	sides   []*side
	demo    *demo // nil: there is one side
	verbose bool  // the log tells all

	act    safejs.Func   // calls retry
	retry  func(element) // what our notice offers
	outage string        // our notice that the relay is gone; empty: it is not
}

var pageIDs = []string{"notice", "notice-text", "notice-action", "progress", "main", "said"}

func newPage(d document) (*page, error) {
	p := &page{d: d, el: map[string]element{}, verbose: verbose()}
	for _, id := range pageIDs {
		e, err := d.byID(id)
		if err != nil {
			return nil, err
		}
		p.el[id] = e
	}
	var err error
	p.frame, err = newFrame(d, p.draw)
	return p, err
}

// draw shows what has changed since the last frame.
func (p *page) draw() {
	for _, s := range p.sides {
		s.draw()
	}
	p.log.give()
	p.inspect.give()
}

// join joins the room that the page is about and hands the controls over.
func (p *page) join(ctx context.Context) error {
	join := p.joinRoom
	if p.d.data("view") == "demo" {
		join = p.joinDemo
	}
	var err error
	if p.trouble, err = newTroubleForm(p.d); err != nil {
		return err
	}
	if err := join(ctx); err != nil {
		return err
	}
	if err := p.listen(); err != nil {
		return err
	}
	if source := p.d.data("source"); source != "" && source != negotiation.Source {
		p.notice("This page was built from other negotiation source than the server runs. Run “make build”, start the server again, and reload.", "Reload", reload)
	}
	p.el["progress"].set("hidden", true)
	for _, s := range p.sides {
		s.setControls(p.demo == nil || p.demo.same != wire.Polite) // which goes by itself
	}
	p.d.setData("ready", "true")
	return nil
}

// joinRoom joins a room of the relay.
func (p *page) joinRoom(ctx context.Context) error {
	s, err := p.newSide("")
	if err != nil {
		return err
	}
	if view := p.d.data("view"); view != "room" {
		s.role = wire.Role(view)
	}
	return s.join(ctx, peer.Config{
		Options: signaling.Options{
			Server: server(p.d), Room: p.d.data("room"), Role: s.role,
			Key: key(), Token: roomToken, Ticket: ticket(), OnTicket: keepTicket,
		},
		Dial:          p.trouble.Dialer(signaling.Relay),
		Wait:          s.role != "",
		OnRemoteTrace: func(_ string, l trace.Line) { p.frame.do(func() { p.inspect.add(l) }) },
	})
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
		{element{window}, "pagehide", func(element) { p.close() }},
		{element{window}, "online", p.checkRelay},
		{element{window}, "offline", p.checkRelay},
		{element{p.d.root}, "visibilitychange", p.checkRelay}, // it may have slept
		{element{p.d.root}, "resume", p.checkRelay},
		{element{p.d.root}, "visibilitychange", func(element) { p.frame.now() }},
	}
	listeners = append(listeners, p.trouble.listeners()...)
	for _, s := range p.sides {
		listeners = append(listeners, s.listeners()...)
	}
	for _, l := range listeners {
		if l.on.IsUndefined() {
			continue // this side has no such element
		}
		if _, err := l.on.on(l.event, l.f); err != nil { // for as long as the page lives
			return err
		}
	}
	return nil
}

// listener is a handler of an event.
type listener struct {
	on    element
	event string
	f     func(element)
}

func (p *page) checkRelay(element) {
	for _, s := range p.sides {
		s.peer.CheckRelay()
	}
}

func (p *page) close() {
	for _, s := range p.sides {
		s.peer.Close()
	}
}

// say tells something to those who do not see the page.
func (p *page) say(words string) { p.el["said"].setText(words) }

// notice says what went wrong and offers a way on.
func (p *page) notice(words, label string, action func(element)) {
	p.retry = action
	p.el["notice-text"].setText(words)
	p.el["notice-action"].setText(label)
	p.el["notice-action"].set("onclick", p.act) // as boot.js does: the button does one thing
	p.el["notice-action"].set("hidden", false)
	p.el["notice"].set("hidden", false)
}

// hideNotice does not leave the keyboard nowhere.
func (p *page) hideNotice() {
	if p.el["notice"].contains(p.d.focused()) {
		_, _ = p.el["main"].Call("focus")
	}
	p.el["notice"].set("hidden", true)
}
