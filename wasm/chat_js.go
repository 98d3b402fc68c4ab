package main

import "perfect-negotiation/negotiation/peer"

// submit sends the line. Say blocks, which an event handler of the browser must not.
func (s *side) submit(event element) {
	_, _ = event.Call("preventDefault")
	message := s.el["message"]
	line := text(message.Value, "value")
	if line == "" {
		return
	}
	to := text(s.el["to"].Value, "value")
	message.set("value", "")
	go func() {
		if s.peer.Say(to, line) == nil {
			return
		}
		if typed := text(message.Value, "value"); typed != "" {
			line += " " + typed
		}
		message.set("value", line) // keep what was not sent
	}()
}

// showChat enables the input while a peer can receive. The chosen receiver stays
// chosen when it leaves: a private line must not go to everybody.
func (s *side) showChat() {
	chosen := text(s.el["to"].Value, "value")
	open := 0
	for _, r := range s.roster.Entries() {
		if r.Channels == 0 {
			continue
		}
		open++
		if _, there := s.options[r.ID]; !there {
			option := s.d.create("option", "")
			option.set("value", r.ID)
			option.setText(peer.ShortID(r.ID))
			s.options[r.ID] = option
			s.el["to"].append(option.Value)
		}
	}
	sendable := open > 0
	for id, option := range s.options {
		r := s.roster.Find(id)
		here := r != nil && r.Channels > 0
		switch {
		case here:
			option.setText(peer.ShortID(id))
		case id == chosen:
			sendable = false
			if !option.is("disabled") {
				option.setText(peer.ShortID(id) + " (gone)")
				s.say(peer.ShortID(id) + " is gone: choose whom to write to")
			}
		default:
			_, _ = option.Call("remove")
			delete(s.options, id)
		}
		option.set("disabled", !here)
	}
	s.el["send"].set("disabled", !sendable)
	s.el["to"].set("hidden", open < 2 && chosen == "")
	if sendable {
		s.el["message"].set("disabled", false) // and so it stays, with what is typed
	}
}
