package main

import (
	"errors"
	"fmt"

	"perfect-negotiation/negotiation/peer"

	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/negotiation/trace"
)

func (p *page) showRelay(e trace.Event) {
	state, words := "connecting", "connecting"
	switch e.Kind {
	case trace.RoomJoined:
		state, words = "connected", "connected"
		p.el["self"].data("id", p.peer.ID())
		p.el["self"].setText(peer.ShortID(p.peer.ID()))
		if p.showsOutage() {
			p.hideNotice()
		}
		p.outage = ""
	case trace.RelayLost:
		state, words = "gone", fmt.Sprintf("trying again in %.1f s", e.Next.Sub(e.Time).Seconds())
		if now := outage(e); now != p.outage {
			if p.el["notice"].is("hidden") || p.showsOutage() { // what else it says matters more
				p.notice(now, "Try now", p.checkRelay)
			}
			p.outage = now
		}
	case trace.RelayReplaced:
		state, words = "gone", "replaced"
		p.notice("This peer was opened in another tab, which has taken over.", "Use it here", reload)
		p.end()
	case trace.RelayRefused:
		state, words = "gone", "refused"
		p.notice("The relay refuses: "+e.Detail, "Try again", reload)
		if e.Code == wire.CodeRoleTaken {
			p.explainRole()
		}
		p.end()
	}
	p.el["signal"].data("state", state)
	p.el["signal"].setText(words)
}

// outage says in plain words what a RelayLost means. What changes with each try is
// not in it: it is read out.
func outage(e trace.Event) string {
	what := "The relay cannot be reached"
	var said *wire.Error
	if errors.As(e.Err, &said) && e.Code != wire.CodeShutdown {
		what = "The relay says: " + said.Message
	}
	return what + "; trying again. Peers that are connected stay connected."
}

// showsOutage tells whether the notice is that the relay is gone, and not another one,
// which boot.js may have put there.
func (p *page) showsOutage() bool {
	return p.outage != "" && text(p.el["notice-text"].Value, "textContent") == p.outage
}

// explainRole says that our role is taken, and where to go.
func (p *page) explainRole() {
	other := "polite"
	if p.role == wire.Polite {
		other = "impolite"
	}
	side, home := p.d.create("a", ""), p.d.create("a", "")
	side.set("href", "/"+other)
	side.setText("the " + other + " side")
	home.set("href", "/")
	home.setText("make a room of your own")
	words := p.el["notice-text"]
	words.setText("This room has its " + string(p.role) + " peer already. Open ")
	words.append(side.Value, ", or ", home.Value, ".")
}

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
