package main

import (
	"errors"
	"fmt"

	"perfect-negotiation/negotiation/peer"
	"perfect-negotiation/negotiation/signaling/trouble"
	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/negotiation/trace"
)

func (s *side) showRelay(e trace.Event) {
	state, words := "connecting", "connecting"
	switch e.Kind {
	case trace.RoomJoined:
		state, words = "connected", "connected"
		s.el["self"].data("id", s.peer.ID())
		s.el["self"].setText(peer.ShortID(s.peer.ID()))
		if s.showsOutage() {
			s.hideNotice()
		}
		s.outage = ""
	case trace.RelayLost:
		state, words = "gone", fmt.Sprintf("trying again in %.1f s", e.Next.Sub(e.Time).Seconds())
		if now := outage(e); now != s.outage {
			if s.page.el["notice"].is("hidden") || s.showsOutage() { // what else it says matters more
				s.notice(now, "Try now", s.checkRelay)
			}
			s.outage = now
		}
	case trace.RelayReplaced:
		state, words = "gone", "replaced"
		s.notice("This peer was opened in another tab, which has taken over.", "Use it here", reload)
		s.end()
	case trace.RelayRefused:
		state, words = "gone", "refused"
		s.notice("The relay refuses: "+e.Detail, "Try again", reload)
		if e.Code == wire.CodeRoleTaken {
			s.explainRole()
		}
		s.end()
	}
	s.el["signal"].data("state", state)
	s.el["signal"].setText(words)
}

// outage says in plain words what a RelayLost means. What changes with each try is
// not in it: it is read out.
func outage(e trace.Event) string {
	what := "The relay cannot be reached"
	var said *wire.Error
	if errors.Is(e.Err, trouble.ErrCut) {
		what = "The connection was cut here for a moment"
	}
	if errors.As(e.Err, &said) && e.Code != wire.CodeShutdown {
		what = "The relay says: " + said.Message
	}
	return what + "; trying again. Peers that are connected stay connected."
}

// showsOutage reports whether the notice is that the relay is gone, and not another one,
// which boot.js may have put there.
func (p *page) showsOutage() bool {
	return p.outage != "" && text(p.el["notice-text"].Value, "textContent") == p.outage
}

// explainRole says that our role is taken, and where to go.
func (s *side) explainRole() {
	other := "polite"
	if s.role == wire.Polite {
		other = "impolite"
	}
	side, home := s.d.create("a", ""), s.d.create("a", "")
	side.set("href", server(s.d)+other)
	side.setText("the " + other + " side")
	home.set("href", server(s.d))
	home.setText("make a room of your own")
	words := s.page.el["notice-text"]
	words.setText("This room has its " + string(s.role) + " peer already. Open ")
	words.append(side.Value, ", or ", home.Value, ".")
}
