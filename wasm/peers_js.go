package main

import (
	"fmt"
	"strings"

	"perfect-negotiation/negotiation/peer"
)

// showPeer shows what the roster says of a peer that has come, changed or gone.
func (p *page) showPeer(id string) {
	item, listed := p.items[id]
	r := p.roster.Find(id)
	switch {
	case r == nil:
		delete(p.items, id)
		_, _ = item.Call("remove")
	case !listed:
		item = p.d.create("li", "")
		item.data("peer", id)
		p.items[id] = item
		p.log.many = p.log.many || len(p.items) > 1
		p.el["peers"].append(item.Value)
	}
	if r != nil {
		item.data("state", r.State)
		words := fmt.Sprintf("%s · we are %s · %s", peer.ShortID(id), r.Role, r.State)
		if r.Stalled {
			words += " · signalling is stalled"
		}
		item.setText(words)
	}
	p.showChat()
	p.showStatus()
	p.showRole()
	p.showSource()
}

// states are those of a PeerConnection, the best first.
var states = []string{"connected", "connecting", "disconnected", "new", "failed", "closed"}

// showStatus shows the best state of all; alone, what is left of the last one.
func (p *page) showStatus() {
	status := "closed"
	if len(p.roster.Entries()) == 0 && p.status == "new" {
		status = "new"
	}
	for _, state := range states {
		for _, r := range p.roster.Entries() {
			if r.State == state {
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
		p.el["collide"].set("disabled", status != "connected")
	}
}

// showRole shows what we are: that may be one thing to one peer and another to the
// next.
func (p *page) showRole() {
	role, words := string(p.role), string(p.role)
	for _, r := range p.roster.Entries() {
		switch role {
		case "", string(r.Role):
			role, words = string(r.Role), string(r.Role)
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
	for _, r := range p.roster.Entries() {
		switch {
		case r.Source == "":
			continue
		case r.Differs:
			others = append(others, peer.ShortID(r.ID)+" ("+r.Source+")")
		default:
			same++
		}
		known++
		detail = r.Source
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
