//go:build !js

package negotiation

import (
	"fmt"
	"slices"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/sdp"
	"perfect-negotiation/negotiation/trace"
)

// violation records an invariant that is broken.
func (a *actor) violation(format string, args ...any) {
	a.w.broken = append(a.w.broken, string(roleOf(a.me == 0))+": "+fmt.Sprintf(format, args...))
}

// trace is the Session's, and what is known of the requests.
func (a *actor) trace(e trace.Event) {
	switch e.Kind {
	case trace.NegotiationNeeded:
		fired := a.browser != nil && (a.browser.flag || a.browser.check())
		if !fired && !a.held.Restart && (a.browser != nil || !a.pion.differs()) {
			a.violation("makes an offer that nothing needs")
		}
	case trace.OfferSending:
		a.offers++
		a.requestOffered = a.requested
		// Each offer of the impolite peer carries a change of its own. The polite
		// one makes an offer again for each that it took back, so for each of the
		// impolite one.
		most := a.changes + a.failures
		if a.me == 0 {
			most += a.other().changes + a.other().failures
		}
		if a.offers > most && a.link == nil { // after a crash of one side the other begins anew, too
			a.violation("%d offers, and %d would do", a.offers, most)
		}
	case trace.CollisionRollback:
		a.requestOffered = false
		if a.me == 1 {
			a.violation("the impolite peer rolls back")
		}
	case trace.CollisionIgnored:
		if a.me == 0 {
			a.violation("the polite peer ignores an offer")
		}
	case trace.AnswerReceived:
		if a.requestOffered {
			a.requested, a.requestOffered = false, false
		}
	case trace.AnswerDropped:
		if !a.echoed {
			a.violation("surfaced: %s", e)
		}
	case trace.OfferFailed, trace.Failed:
		a.failures++
		if !a.failed && (!a.spoilt || e.Kind == trace.Failed) {
			a.violation("surfaced: %s", e)
		}
	default:
		if (e.Level() == trace.LevelWarn || e.Level() == trace.LevelError) && !a.failed && !a.other().failed {
			a.violation("surfaced: %s", e)
		}
	}
	if a.w.record != nil && e.Kind != trace.StateChanged {
		a.note("%s", trace.Event{Kind: e.Kind, Detail: e.Detail})
	}
}

// quiet reports whether nothing happens any more by itself.
func (w *world) quiet() bool {
	for _, a := range w.actors {
		for e := delivery; e < change; e++ {
			if a.may(e) {
				return false
			}
		}
	}
	return true
}

// check looks at the invariants.
func (w *world) check() {
	for _, a := range w.actors {
		if a.s.failure != nil && !a.closed && !a.failed {
			a.violation("the Session ended: %v", a.s.failure)
		}
	}
	for _, a := range w.actors {
		if a.model().misled {
			a.violation("the connection was given a candidate of another generation")
		}
	}
	p, i := w.actors[0], w.actors[1]
	if len(w.broken) > 0 || !w.quiet() || p.s.failure != nil || i.s.failure != nil {
		return
	}
	if !p.linked(i) {
		return
	}
	for _, a := range w.actors {
		a.settled()
	}
	if len(w.broken) > 0 {
		return
	}
	ours, theirs := p.lines(), i.lines()
	if !slices.EqualFunc(ours, theirs, func(a, b line) bool { return a.mid == b.mid && a.kind == b.kind }) {
		p.violation("the sections differ: %v and %v", ours, theirs)
	}
}

func (a *actor) lines() []line { return read(a.model().current.local).lines }

// settled looks at one side when all is quiet.
func (a *actor) settled() {
	m := a.model()
	if m.state != webrtc.SignalingStateStable || a.s.pc.SignalingState() != webrtc.SignalingStateStable {
		a.violation("it rests in %s", a.s.pc.SignalingState())
		return
	}
	if a.requested && m.current.local != "" {
		a.violation("a request for an offer was lost")
	}
	if a.browser != nil && a.browser.check() || a.held.Needed() {
		a.violation("an offer is still needed")
	}
	local, remote := read(m.current.local), read(m.current.remote)
	if m.channel && !local.data() {
		a.violation("the data channel was not negotiated")
	}
	for _, t := range m.transceivers {
		if l, ok := local.at(t.mid); !ok {
			a.violation("a transceiver (%s) was not negotiated", t.kind)
		} else if a.pion != nil && l.dir != t.dir {
			a.violation("section %s says %s, not %s", l.mid, l.dir, t.dir)
		} else if t.track && t.dir&sdp.Sendonly == 0 {
			a.violation("the track in section %s is not sent", l.mid)
		}
	}
	other := a.other().model()
	for _, t := range m.transceivers {
		l, _ := local.at(t.mid)
		theirs, _ := remote.at(t.mid)
		if o := other.find(t.mid); o == nil {
			a.violation("the other side has no transceiver for section %s", t.mid)
		} else if is, wanted := l.dir&theirs.dir.Reversed(), t.dir&o.dir.Reversed(); is != wanted {
			a.violation("section %s is %s: %s is wanted here and %s there", t.mid, is, t.dir, o.dir)
		}
	}
	if a.restarts != nil && (a.restarts[0] == remote.ufrag || slices.Contains(a.restarts[1:], local.ufrag)) {
		a.violation("the restart was lost: %s and %s as before", local.ufrag, remote.ufrag)
	}
	if remote.ufrag != "" && a.link == nil && !a.failed && !slices.Contains(m.heard, remote.ufrag) {
		a.violation("no candidate with %s was taken", remote.ufrag)
	}
	if remote.ufrag != read(other.current.local).ufrag {
		a.violation("the other side's credentials are %s, not %s", read(other.current.local).ufrag, remote.ufrag)
	}
}
