//go:build !js

package negotiation

import (
	"encoding/binary"
	"maps"
	"slices"
	"sync"

	"perfect-negotiation/negotiation/internal/held"
	"perfect-negotiation/negotiation/internal/sdp"
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

// interned gives each text a number.
var interned = struct {
	sync.Mutex
	numbers map[string]uint32
}{numbers: map[string]uint32{}}

func number(text string) uint32 {
	if text == "" {
		return 0
	}
	interned.Lock()
	defer interned.Unlock()
	n, ok := interned.numbers[text]
	if !ok {
		n = uint32(len(interned.numbers)) + 1
		interned.numbers[text] = n
	}
	return n
}

func (w *world) key(b []byte) []byte {
	b = append(b, byte(w.faults), byte(w.closes), byte(w.echoes), byte(w.spoils), byte(w.cuts), byte(w.losses), byte(w.repeats), byte(w.delays), byte(w.crashes), byte(w.mishaps), byte(w.hasty), byte(w.crashed), byte(w.hits))
	for _, a := range w.actors {
		b = a.key(b)
	}
	return b
}

func flags(list ...bool) uint32 {
	var n uint32
	for i, set := range list {
		if set {
			n |= 1 << i
		}
	}
	return n
}

func (a *actor) key(b []byte) []byte {
	n := func(values ...uint32) {
		for _, v := range values {
			b = binary.AppendUvarint(b, uint64(v))
		}
	}
	texts := func(list []string) {
		n(uint32(len(list)))
		for _, text := range list {
			n(number(text))
		}
	}
	m, g := a.model(), a.s.n
	n(flags(a.tasks, a.retry, a.closed, a.failed, a.echoed, a.spoilt, a.requested, a.requestOffered, a.restarts != nil,
		g.ignoring, g.begun, g.requested, g.requestOffered, g.refused, a.s.changed, a.s.waits, a.s.failure != nil, m.channel, m.current.offered, m.pending.offered))
	n(uint32(len(a.plan)), uint32(a.renegs), uint32(a.restart), uint32(a.offers), uint32(a.changes), uint32(a.failures), uint32(a.s.retries), uint32(a.s.state), uint32(m.state), uint32(m.credentials))
	n(number(m.current.local), number(m.current.remote), number(m.pending.local), number(m.pending.remote), number(m.role))
	texts(a.restarts)
	texts(a.gather)
	texts(m.heard)
	n(uint32(len(m.transceivers)))
	for _, t := range m.transceivers {
		n(number(t.kind), number(t.mid), uint32(t.dir)<<5|uint32(t.negotiated)<<3|flags(t.byTrack, t.track, t.sent))
	}
	if a.link != nil {
		texts(a.link.key())
	}
	n(uint32(len(a.inbox)))
	for _, message := range a.inbox {
		if message.Description != nil {
			n(uint32(message.Description.Type), number(message.Description.SDP))
		} else {
			n(100, number(candidateUfrag(*message.Candidate)))
		}
	}
	n(uint32(len(g.early)))
	for _, c := range g.early {
		n(number(candidateUfrag(c)))
	}
	h := a.held
	var p held.Pending
	if h.Pending != nil {
		p = *h.Pending
	}
	n(flags(h.Pending != nil, p.Set, h.Restart, p.Restarts, p.Again, h.Theirs != nil), number(h.Ufrag), number(h.Setup))
	texts(h.Remote)
	n(uint32(len(h.Candidates.Generation)))
	if a.browser != nil {
		n(flags(a.browser.onEmpty, a.browser.flag), uint32(a.browser.Count.Load()), number(a.browser.lastOffer))
	} else {
		n(uint32(a.pion.named), number(a.pion.ufrag), number(a.pion.lastOffer))
		for _, t := range m.transceivers {
			theirs, heard := a.pion.theirs[t.mid]
			n(uint32(theirs)<<1 | flags(heard))
		}
	}
	if h.Pending != nil && !p.Set {
		n(number(p.Made.SDP))
	}
	for _, list := range [][]sdp.Section{h.Sections, p.Sections, h.Theirs} {
		n(uint32(len(list)))
		for _, s := range list {
			n(number(s.Mid), number(s.Kind), uint32(s.Direction)<<1|flags(s.Rejected))
		}
	}
	for _, list := range [][]held.Want{h.Satisfied, p.Wants} {
		n(uint32(len(list)))
		for _, w := range list {
			n(number(w.Mid), number(w.Kind), number(w.What))
		}
	}
	return b
}
