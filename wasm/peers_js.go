package main

import (
	"fmt"
	"slices"
	"strings"

	"perfect-negotiation/negotiation/peer"
)

// change has a peer drawn in the next frame.
func (s *side) change(id string) {
	if !slices.Contains(s.changed, id) {
		s.changed = append(s.changed, id)
	}
	s.frame.request()
}

// draw shows what has changed of the peers since it was called last.
func (s *side) draw() {
	if len(s.changed) == 0 {
		return
	}
	for _, id := range s.changed {
		s.showPeer(id)
	}
	s.changed = s.changed[:0]
	s.showChat()
	s.showStatus()
	s.showRole()
	s.showSource()
}

// showPeer shows what the roster says of a peer that has come, changed or gone.
func (s *side) showPeer(id string) {
	item, listed := s.items[id]
	r := s.roster.Find(id)
	switch {
	case r == nil && !listed: // it came and went meanwhile
	case r == nil:
		delete(s.items, id)
		_, _ = item.Call("remove")
	case !listed:
		item = s.d.create("li", "")
		item.data("peer", id)
		s.items[id] = item
		s.el["peers"].append(item.Value)
	}
	if r != nil {
		item.data("state", r.State)
		words := fmt.Sprintf("%s · we are %s · %s", peer.ShortID(id), r.Role, r.State)
		if r.Stalled {
			words += " · signalling is stalled"
		}
		item.setText(words)
	}
}

// states are those of a PeerConnection, the best first.
var states = []string{"connected", "connecting", "disconnected", "new", "failed", "closed"}

// showStatus shows the best state of all; alone, what is left of the last one.
func (s *side) showStatus() {
	status := "closed"
	if len(s.roster.Entries()) == 0 && s.status == "new" {
		status = "new"
	}
	for _, state := range states {
		for _, r := range s.roster.Entries() {
			if r.State == state {
				s.setStatus(state)
				return
			}
		}
	}
	s.setStatus(status)
}

func (s *side) setStatus(status string) {
	if status != s.status { // it is read out
		s.status = status
		s.el["status"].data("state", status)
		s.el["status"].setText(status)
		s.el["collide"].set("disabled", status != "connected")
	}
}

// showRole shows what we are: that may be one thing to one peer and another to the
// next.
func (s *side) showRole() {
	role, words := string(s.role), string(s.role)
	for _, r := range s.roster.Entries() {
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
	s.el["role"].data("role", role)
	s.el["role"].setText(words)
}

// showSource shows who runs the same source as we do.
func (s *side) showSource() {
	known, same, detail := 0, 0, ""
	var others []string
	for _, r := range s.roster.Entries() {
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
	s.el["source"].data("match", match)
	s.el["source"].setText(words)
}
