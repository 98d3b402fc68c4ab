//go:build !js

package negotiation

import (
	"encoding/binary"
	"hash/maphash"

	"perfect-negotiation/negotiation/internal/held"
	"perfect-negotiation/negotiation/internal/sdp"
)

// key is everything that decides what can still happen in a state, as bytes.
type key []byte

func (k *key) number(values ...int) {
	for _, v := range values {
		*k = binary.AppendUvarint(*k, uint64(v))
	}
}

func (k *key) flags(list ...bool) {
	n := 0
	for i, set := range list {
		if set {
			n |= 1 << i
		}
	}
	k.number(n)
}

var texts = maphash.MakeSeed()

// text adds texts by their hashes: most are descriptions, and come again and again.
func (k *key) text(list ...string) {
	for _, text := range list {
		*k = binary.LittleEndian.AppendUint64(*k, maphash.String(texts, text))
	}
}

func (k *key) list(list []string) {
	k.number(len(list))
	k.text(list...)
}

func (k *key) message(m Message) {
	switch {
	case m.Description != nil:
		k.number(int(m.Description.Type))
		k.text(m.Description.SDP)
	case m.Candidate != nil:
		k.number(100)
		k.text(candidateUfrag(*m.Candidate))
	}
}

func (k *key) model(c *common) {
	k.flags(c.channel, c.current.offered, c.pending.offered)
	k.number(int(c.state), c.credentials)
	k.text(c.role, c.current.local, c.current.remote, c.pending.local, c.pending.remote)
	k.list(c.heard)
	k.number(len(c.transceivers))
	for _, t := range c.transceivers {
		k.text(t.kind, t.mid)
		k.number(int(t.dir), int(t.negotiated))
		k.flags(t.byTrack, t.track, t.sent)
	}
}

func (k *key) sections(list []sdp.Section) {
	k.number(len(list))
	for _, s := range list {
		k.text(s.Mid, s.Kind)
		k.number(int(s.Direction))
		k.flags(s.Rejected)
	}
}

func (k *key) wants(list []held.Want) {
	k.number(len(list))
	for _, w := range list {
		k.text(w.Mid, w.Kind, w.What)
	}
}

func (w *world) key(b []byte) []byte {
	k := key(b)
	k.number(w.faults, w.closes, w.echoes, w.spoils, w.cuts, w.losses, w.repeats, w.delays, w.crashes, w.mishaps, w.hasty, w.crashed, w.hits)
	for _, a := range w.actors {
		a.key(&k)
	}
	return k
}

func (a *actor) key(k *key) {
	n := a.s.n
	k.flags(a.tasks, a.retry, a.closed, a.failed, a.echoed, a.spoilt, a.requested, a.requestOffered, a.restarts != nil,
		n.ignoring, n.begun, n.requested, n.requestOffered, n.refused, a.s.changed, a.s.waits, a.s.failure != nil)
	k.number(len(a.plan), a.renegs, a.restart, a.offers, a.changes, a.failures, int(a.s.retries), int(a.s.state))
	k.list(a.restarts)
	k.list(a.gather)
	k.model(a.model())
	if a.link != nil {
		k.list(a.link.key())
	}
	k.number(len(a.inbox))
	for _, m := range a.inbox {
		k.message(m)
	}
	k.number(len(n.early))
	for _, c := range n.early {
		k.text(candidateUfrag(c))
	}
	if a.browser != nil {
		k.flags(a.browser.onEmpty, a.browser.flag)
		k.number(int(a.browser.Count.Load()))
		k.text(a.browser.lastOffer)
	} else {
		k.number(a.pion.named)
		k.text(a.pion.ufrag, a.pion.lastOffer)
		for _, t := range a.pion.transceivers {
			theirs, heard := a.pion.theirs[t.mid]
			k.number(int(theirs))
			k.flags(heard)
		}
	}
	k.held(a.held.State)
}

func (k *key) held(h held.State) {
	var p held.Pending
	if h.Pending != nil {
		p = *h.Pending
	}
	k.flags(h.Pending != nil, p.Set, h.Restart, p.Restarts, p.Again, h.Theirs != nil)
	k.text(h.Ufrag, h.Setup)
	k.list(h.Remote)
	k.number(len(h.Candidates.Generation))
	if h.Pending != nil && !p.Set {
		k.text(p.Made.SDP)
	}
	k.sections(h.Sections)
	k.sections(p.Sections)
	k.sections(h.Theirs)
	k.wants(h.Satisfied)
	k.wants(p.Wants)
}
