package main

import (
	"fmt"
	"strings"

	"perfect-negotiation/negotiation"
)

// row is a peer in the list.
type row struct {
	id       string
	item     element
	role     string // ours, towards it
	state    string
	stalled  bool   // it acknowledges nothing
	channels int    // open data channels
	source   string // what is known of it; empty: nothing yet
	differs  bool   // it is another one
}

func shortID(id string) string { return id[:min(6, len(id))] }

func (p *page) find(id string) *row {
	for _, r := range p.peers {
		if r.id == id {
			return r
		}
	}
	return nil
}

// row returns the entry of a peer in the list and makes it if it is new.
func (p *page) row(e negotiation.Event) *row {
	r := p.find(e.Peer)
	if r == nil {
		r = &row{id: e.Peer, item: p.d.create("li", ""), role: e.Role}
		r.item.data("peer", e.Peer)
		p.peers = append(p.peers, r)
		p.log.many = p.log.many || len(p.peers) > 1
		p.el["peers"].append(r.item.Value)
		p.setState(e.Peer, "new")
		p.showRole()
	}
	return r
}

func (p *page) remove(id string) {
	for i, r := range p.peers {
		if r.id == id {
			p.peers = append(p.peers[:i], p.peers[i+1:]...)
			_, _ = r.item.Call("remove")
			p.showChat()
			p.showStatus()
			p.showRole()
			p.showSource()
			return
		}
	}
}

// setState shows the state of the connection to a peer.
func (p *page) setState(id, state string) {
	r := p.find(id)
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
	p.showStatus()
}

// states are those of a PeerConnection, the best first.
var states = []string{"connected", "connecting", "disconnected", "new", "failed", "closed"}

// showStatus shows the best state of all; alone, what is left of the last one.
func (p *page) showStatus() {
	status := "closed"
	if len(p.peers) == 0 && p.status == "new" {
		status = "new"
	}
	for _, state := range states {
		for _, r := range p.peers {
			if r.state == state {
				p.setStatus(state)
				return
			}
		}
	}
	p.setStatus(status)
}

func (p *page) setStatus(status string) {
	if status != p.status { // it is read out
		p.status = status
		p.el["status"].data("state", status)
		p.el["status"].setText(status)
	}
}

// showRole shows what we are: that may be one thing to one peer and another to the
// next.
func (p *page) showRole() {
	role, words := p.role, p.role
	for _, r := range p.peers {
		switch role {
		case "", r.role:
			role, words = r.role, r.role
		default:
			role, words = "both", "polite and impolite"
		}
	}
	if words == "" {
		words = "—"
	}
	p.el["role"].data("role", role)
	p.el["role"].setText(words)
}

// showSource shows who runs the same source as we do.
func (p *page) showSource() {
	known, same, detail := 0, 0, ""
	var others []string
	for _, r := range p.peers {
		switch {
		case r.source == "":
			continue
		case r.differs:
			others = append(others, shortID(r.id)+" ("+r.source+")")
		default:
			same++
		}
		known++
		detail = r.source
	}
	match, words := "", "known once a peer is here"
	switch {
	case known == 0:
	case same == known && known == 1:
		match, words = "same", "identical on the other side ("+detail+")"
	case same == known:
		match, words = "same", "identical on all other sides ("+detail+")"
	case known == 1:
		match, words = "different", "another version on the other side ("+detail+")"
	default:
		match, words = "different", "another version at "+strings.Join(others, ", ")
	}
	p.el["source"].data("match", match)
	p.el["source"].setText(words)
}
