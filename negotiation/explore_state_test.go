//go:build !js

package negotiation

import (
	"maps"
	"slices"

	"perfect-negotiation/negotiation/internal/held"
)

// clone returns a copy in which the actor who may have an event. The other is
// shared with w but for its inbox.
func (w *world) clone(who int) *world {
	v := &world{
		faults: w.faults, closes: w.closes, echoes: w.echoes, spoils: w.spoils, record: w.record,
		linkFaults: w.linkFaults, crashed: w.crashed, hits: w.hits,
	}
	for i, a := range w.actors {
		b := *a
		b.w = v
		b.inbox = a.inbox[:len(a.inbox):len(a.inbox)]
		b.link = a.link.clone()
		if i == who {
			b.deepen()
		}
		v.actors[i] = &b
	}
	return v
}

// deepen gives the actor a Session and a model of its own.
func (a *actor) deepen() {
	a.gather = slices.Clone(a.gather)
	s := newTestSession(a.s.polite)
	s.wake, s.stop = make(chan struct{}, 1), a.s.stop
	s.failure, s.state, s.changed, s.retries, s.waits = a.s.failure, a.s.state, a.s.changed, a.s.retries, a.s.waits
	n := *a.s.n
	n.early = slices.Clone(n.early)
	s.n, a.s = &n, s
	state := a.held.State
	if state.Pending != nil {
		pending := *state.Pending
		state.Pending = &pending
	}
	if a.browser != nil {
		a.browser = a.browser.clone(a)
		a.held = held.New(a.browser, a.s.polite, false)
	} else {
		a.pion = a.pion.clone(a)
		a.held = held.New(a.pion, a.s.polite, false)
	}
	a.held.State = state
	a.wire()
}

func (c *common) copied(o outside) common {
	d := *c
	d.outside = o
	d.transceivers = slices.Clone(c.transceivers)
	d.heard = slices.Clone(c.heard)
	return d
}

func (p *browserModel) clone(o outside) *browserModel {
	q := &browserModel{common: p.copied(o), busy: p.busy, onEmpty: p.onEmpty, flag: p.flag, lastOffer: p.lastOffer, mids: p.mids}
	q.Count.Store(p.Count.Load())
	return q
}

func (p *pionModel) clone(o outside) *pionModel {
	q := *p
	q.common = p.copied(o)
	q.theirs = maps.Clone(p.theirs)
	return &q
}
