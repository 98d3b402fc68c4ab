//go:build !js

package negotiation

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/pion/webrtc/v4"
)

// world is two Sessions, each over a model, joined by two FIFO queues: a plain
// value, so that every order of events can be walked. Sessions and Negotiators
// are the shipped ones; only the goroutine, the timer and the network are absent.
type world struct {
	actors [2]*actor
	faults int // operations that may still fail
	closes int // actors that may still be closed
	echoes int // answers that may still come twice
	spoils int // answers that may still come as garbage

	linkFaults        // that may still happen to the link
	crashed, hits int // how often it crashed, or something else happened

	script []byte // what to choose within operations, in order
	arity  []byte // how many choices there were
	broken []string
	record func(who int, text string) // nil: nobody looks
}

// actor is one of the two peers.
type actor struct {
	w       *world
	me      int
	s       *Session
	browser *browserModel // one of the two
	pion    *pionModel
	held    *held

	kind   string    // browser or pion
	link   *linked   // nil: signalling is lossless
	inbox  []Message // sent to it and not delivered
	tasks  bool      // the negotiation-needed task is queued
	gather []string  // ufrags whose candidate has not been reported
	retry  bool      // the retry timer runs
	closed bool
	failed bool // an operation of it was made to fail
	echoed bool // an answer came twice
	spoilt bool // an answer came as garbage

	plan    []string // local changes to come
	renegs  int      // wishes to come
	restart int      // restarts to come

	wished   bool     // an offer was wished for and not yet answered
	carrying bool     // the pending offer was made after the wish
	restarts []string // the credentials when a restart was wished for: theirs, ours, and those of an offer under way
	offers   int      // sent
	changes  int      // made, wishes included
	failures int      // offers that failed
}

// setting is what a walk begins with.
type setting struct {
	name    string
	kinds   [2]string // browser or pion, of the polite and of the impolite peer
	plans   [2][]string
	renegs  int // per side
	restart [2]int
	faults  int
	closes  int
	echoes  int
	spoils  int

	linked     bool // over a link
	linkFaults      // which may happen to it
}

func newWorld(c setting) *world {
	w := &world{
		faults: c.faults, closes: c.closes, echoes: c.echoes, spoils: c.spoils, linkFaults: c.linkFaults,
	}
	for i := range w.actors {
		a := &actor{w: w, me: i, kind: c.kinds[i], plan: c.plans[i], renegs: c.renegs, restart: c.restart[i]}
		w.actors[i] = a
		a.begin([]string{"p", "i"}[i])
	}
	if c.linked {
		for _, a := range w.actors {
			a.link = newLinked(a.me, 0)
		}
		for _, a := range w.actors {
			a.flush()
		}
	}
	return w
}

// begin gives the actor a connection, and a Session that negotiates it.
func (a *actor) begin(name string) {
	polite := a.me == 0
	if a.kind == "browser" {
		a.browser = newBrowserModel(name, a)
		a.held = &held{pc: a.browser, polite: polite}
	} else {
		a.pion = newPionModel(name, a)
		a.held = &held{pc: a.pion, polite: polite}
	}
	a.s = newTestSession(polite)
	a.s.n = NewNegotiator(nil, polite, nil, nil)
	a.wire()
}

func newTestSession(polite bool) *Session {
	return &Session{polite: polite, stop: never, done: never, state: webrtc.SignalingStateStable}
}

var never = make(chan struct{})

type testAdapter struct{ *held }

func (testAdapter) flush()  {}
func (testAdapter) detach() {}

// wire connects what belongs to the actor with it.
func (a *actor) wire() {
	a.s.pc = testAdapter{a.held}
	a.s.trace = a.trace
	a.s.n.pc, a.s.n.send, a.s.n.trace = a.s.pc, a.send, a.s.stamp
}

func (w *world) next(who int, e event, script []byte) (state, []byte) {
	if !w.actors[who].may(e) {
		return nil, nil
	}
	v := w.clone(who)
	v.script = script
	v.actors[who].happen(e)
	v.check()
	return v, v.arity
}

func (w *world) violations() []string { return w.broken }

func (w *world) observe(f func(who int, text string)) { w.record = f }

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
	s.failure, s.state, s.changed, s.retries = a.s.failure, a.s.state, a.s.changed, a.s.retries
	n := *a.s.n
	n.early = slices.Clone(n.early)
	s.n, a.s = &n, s
	h := *a.held
	a.held = &h
	if a.browser != nil {
		a.browser = a.browser.clone(a)
		h.pc = a.browser
	} else {
		a.pion = a.pion.clone(a)
		h.pc = a.pion
	}
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
	q.count.Store(p.count.Load())
	return q
}

func (p *pionModel) clone(o outside) *pionModel {
	q := *p
	q.common = p.copied(o)
	q.theirs = maps.Clone(p.theirs)
	return &q
}

func (a *actor) model() *common {
	if a.browser != nil {
		return &a.browser.common
	}
	return &a.pion.common
}

func (a *actor) other() *actor { return a.w.actors[1-a.me] }

func (a *actor) note(format string, args ...any) {
	if a.w.record != nil {
		a.w.record(a.me, fmt.Sprintf(format, args...))
	}
}

// violation notes what must not be.
func (a *actor) violation(format string, args ...any) {
	a.w.broken = append(a.w.broken, roleName(a.me == 0)+": "+fmt.Sprintf(format, args...))
}

// send is the Session's.
func (a *actor) send(m Message) {
	if a.closed {
		a.violation("sends after Close")
	}
	if a.link != nil {
		a.linkSend(m)
		return
	}
	if m.Description != nil && m.Description.Type == webrtc.SDPTypeAnswer && a.w.spoils > 0 && a.w.choose(2) == 1 {
		a.note("(as garbage)")
		a.w.spoils--
		a.other().spoilt = true
		a.other().inbox = append(a.other().inbox, Message{Description: &webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer}})
	} else {
		a.other().inbox = append(a.other().inbox, m)
	}
	if m.Description != nil && m.Description.Type == webrtc.SDPTypeAnswer && a.w.echoes > 0 && a.w.choose(2) == 1 {
		a.note("(twice)")
		a.w.echoes--
		a.other().echoed = true
		a.other().inbox = append(a.other().inbox, m)
	}
	switch {
	case m.Description == nil:
		a.note("candidate %s ⟶", candidateUfrag(*m.Candidate))
	default:
		a.note("%s %s ⟶", m.Description.Type, outlineOf(*m.Description))
	}
	if m.Description != nil && m.Description.Type == webrtc.SDPTypeAnswer {
		offer := read(a.model().current.remote).lines
		for i, l := range read(m.Description.SDP).lines { // RFC 3264 section 6.1
			if allowed := offer[i].dir.reversed(); l.dir&^allowed != 0 {
				a.violation("answers %s in section %s where %s is allowed", l.dir, l.mid, allowed)
			}
		}
	}
}

func outlineOf(d webrtc.SessionDescription) string {
	parsed := read(d.SDP)
	text := parsed.ufrag
	for _, l := range parsed.lines {
		text += fmt.Sprintf(" %s:%s", l.mid, l.kind)
		if l.kind != "application" {
			text += "/" + l.dir.String()
		}
	}
	return text
}

// trace is the Session's, and what is known of the wishes.
func (a *actor) trace(e Event) {
	switch e.Kind {
	case NegotiationNeeded:
		fired := a.browser != nil && (a.browser.flag || a.browser.check())
		if !fired && !a.held.restart && (a.browser != nil || !a.pion.differs()) {
			a.violation("makes an offer that nothing needs")
		}
	case OfferSending:
		a.offers++
		a.carrying = a.wished
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
	case CollisionRollback:
		a.carrying = false
		if a.me == 1 {
			a.violation("the impolite peer rolls back")
		}
	case CollisionIgnored:
		if a.me == 0 {
			a.violation("the polite peer ignores an offer")
		}
	case AnswerReceived:
		if a.carrying {
			a.wished, a.carrying = false, false
		}
	case AnswerDropped:
		if !a.echoed {
			a.violation("surfaced: %s", e)
		}
	case OfferFailed, Failed:
		a.failures++
		if !a.failed && (!a.spoilt || e.Kind == Failed) {
			a.violation("surfaced: %s", e)
		}
	default:
		if (e.Level() == LevelWarn || e.Level() == LevelError) && !a.failed && !a.other().failed {
			a.violation("surfaced: %s", e)
		}
	}
	if e.Kind != StateChanged {
		a.note("%s", Event{Kind: e.Kind, Detail: e.Detail})
	}
}

// choose returns one of n choices: the script's, or the first.
func (w *world) choose(n int) int {
	i := len(w.arity)
	w.arity = append(w.arity, byte(n))
	if i < len(w.script) {
		return int(w.script[i]) % n
	}
	return 0
}

// within is where the interleavings hide that matter: what happens while an
// operation is pending.
func (a *actor) within(operation string) error {
	type option struct {
		does string
		f    func() error
	}
	if a.link != nil {
		return nil // walked without one
	}
	options := []option{{"", func() error { return nil }}}
	done := strings.HasSuffix(operation, "done")
	if a.w.faults > 0 && !done {
		options = append(options, option{"fails", func() error {
			a.w.faults--
			a.failed = true
			return errInjected
		}})
	}
	if a.w.closes > 0 && !a.closed {
		options = append(options, option{"Close", func() error {
			a.close()
			return nil
		}})
	}
	if a.browser != nil && len(a.plan) > 0 && !a.closed {
		options = append(options, option{"change", func() error {
			a.change()
			return nil
		}})
	}
	if len(a.inbox) > 0 && !done && !strings.HasPrefix(operation, "Create") { // it waits in any case
		options = append(options, option{"message arrives", func() error {
			a.deliver()
			return nil
		}})
	}
	if a.tasks && !done && a.w.faults+a.w.closes > 0 { // otherwise it comes to the same as afterwards
		options = append(options, option{"negotiation-needed task", func() error {
			a.tasks = false
			a.browser.runTask()
			return nil
		}})
	}
	chosen := options[a.w.choose(len(options))]
	if chosen.does != "" {
		a.note("· in %s: %s", operation, chosen.does)
	}
	return chosen.f()
}

var errInjected = errors.New("injected")

func (a *actor) task() { a.tasks = true }
func (a *actor) gathered(ufrag string) {
	if a.link == nil {
		a.gather = append(a.gather, ufrag)
	}
}
func (a *actor) needed() { a.s.recheck() }

// may tells whether the event can happen now.
func (a *actor) may(e event) bool {
	if a.closed || a.s.failure != nil {
		return e == delivery && len(a.inbox) > 0
	}
	return []bool{
		delivery: len(a.inbox) > 0 || a.linkMay(delivery), task: a.tasks, operation: false, candidate: len(a.gather) > 0, retry: a.retry,
		change: len(a.plan) > 0, renegotiation: a.renegs > 0, restart: a.restart > 0, closing: a.w.closes > 0,
		again: a.linkMay(again), acknowledgement: a.linkMay(acknowledgement),
		cut: a.linkMay(cut), loss: a.linkMay(loss), repetition: a.linkMay(repetition), delay: a.linkMay(delay), crash: a.linkMay(crash),
	}[e]
}

// happen has the event happen, and the Session handle all it brings about.
func (a *actor) happen(e event) {
	if a.tasks && e != task && a.link == nil && a.w.choose(2) == 1 {
		a.note("· at the same time: negotiation-needed task")
		a.tasks = false
		a.browser.runTask()
	}
	switch e {
	case delivery:
		a.note("⟵ message")
		if a.link != nil {
			a.linkDeliver()
			break
		}
		a.deliver()
	case again, acknowledgement, cut, loss, repetition, delay, crash:
		a.linkHappen(e)
	case task:
		a.tasks = false
		a.browser.runTask()
	case candidate:
		ufrag := a.gather[0]
		a.gather = a.gather[1:]
		a.s.enqueue(func() { a.report(ufrag) })
	case retry:
		a.retry = false
		a.s.tryAgain()
	case change:
		if a.link != nil {
			a.linkChange()
			break
		}
		if a.browser != nil {
			a.change()
			break
		}
		a.s.enqueue(func() {
			a.change()
			a.s.changed = true
		})
	case renegotiation:
		a.renegs--
		a.changes++
		a.wished, a.carrying = true, false
		a.s.Renegotiate()
	case restart:
		a.restart--
		a.changes++
		a.note("RestartICE")
		a.s.enqueue(func() {
			m := a.model()
			if m.current.local != "" {
				a.restarts = []string{read(m.current.remote).ufrag, read(m.current.local).ufrag, a.held.ufrag}
			}
			a.s.n.RestartICE()
			a.s.changed = true
		})
	case closing:
		a.note("Close")
		a.close()
	}
	for len(a.s.wake) > 0 {
		<-a.s.wake
		a.s.drain()
	}
	if a.s.retryIn > 0 {
		a.retry, a.s.retryIn = true, 0
	}
	if a.closed {
		a.s.failure = ErrClosed // what run does
	}
}

// report sends a candidate as the adapters do.
func (a *actor) report(ufrag string) {
	mid := "0"
	if a.pion != nil {
		ufrag = a.held.ufrag
	}
	a.send(Message{Candidate: &webrtc.ICECandidateInit{Candidate: "candidate:1 1 udp 1 192.0.2.1 9 typ host", SDPMid: &mid, UsernameFragment: &ufrag}})
}

func (a *actor) deliver() {
	m := a.inbox[0]
	a.inbox = a.inbox[1:]
	_ = a.s.Receive(m)
}

func (a *actor) change() {
	what := a.plan[0]
	a.plan = a.plan[1:]
	a.changes++
	a.note("%s", what)
	if a.browser != nil {
		a.browser.change(what)
	} else {
		a.pion.change(what)
	}
}

func (a *actor) close() {
	a.w.closes--
	a.closed = true
	a.s.stop = make(chan struct{})
	a.s.Close()
	a.model().state = webrtc.SignalingStateClosed
}

// quiet tells whether nothing happens any more by itself.
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
	if a.wished && m.current.local != "" {
		a.violation("a wish for an offer was lost")
	}
	if a.browser != nil && a.browser.check() || a.held.needed() {
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
		} else if t.track && t.dir&sendonly == 0 {
			a.violation("the track in section %s is not sent", l.mid)
		}
	}
	other := a.other().model()
	for _, t := range m.transceivers {
		l, _ := local.at(t.mid)
		theirs, _ := remote.at(t.mid)
		if o := other.find(t.mid); o == nil {
			a.violation("the other side has no transceiver for section %s", t.mid)
		} else if is, wanted := l.dir&theirs.dir.reversed(), t.dir&o.dir.reversed(); is != wanted {
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
	n(flags(a.tasks, a.retry, a.closed, a.failed, a.echoed, a.spoilt, a.wished, a.carrying, a.restarts != nil,
		g.ignoring, g.begun, g.wish, g.carried, g.refused, a.s.changed, a.s.failure != nil, m.channel, m.current.offered, m.pending.offered))
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
	n(flags(h.offer != nil, h.restart, h.restarting, h.again, h.offered != nil), number(h.ufrag), number(h.setup))
	texts(h.remote)
	if a.browser != nil {
		n(flags(a.browser.onEmpty, a.browser.flag), uint32(a.browser.count.Load()), number(a.browser.lastOffer))
	} else {
		n(uint32(a.pion.named), number(a.pion.ufrag), number(a.pion.lastOffer))
		for _, t := range m.transceivers {
			theirs, heard := a.pion.theirs[t.mid]
			n(uint32(theirs)<<1 | flags(heard))
		}
	}
	if h.offer != nil {
		n(number(h.offer.SDP))
	}
	for _, list := range [][]section{h.sections, h.offered} {
		n(uint32(len(list)))
		for _, s := range list {
			n(number(s.mid), number(s.kind), uint32(s.direction)<<1|flags(s.rejected))
		}
	}
	for _, list := range [][]want{h.said, h.offeredAs} {
		n(uint32(len(list)))
		for _, w := range list {
			n(number(w.mid), number(w.kind), number(w.what))
		}
	}
	return b
}
