//go:build !js

package negotiation

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/held"
)

// actor is one of the two peers.
type actor struct {
	w       *world
	me      int
	s       *Session
	browser *browserModel // one of the two
	pion    *pionModel
	held    *held.PeerConnection

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
	renegs  int      // requests to come
	restart int      // restarts to come

	requested      bool     // an offer was requested and not yet answered
	requestOffered bool     // the pending offer was made after the request
	restarts       []string // the credentials when a restart was requested: theirs, ours, and those of an offer under way
	offers         int      // sent
	changes        int      // made, requests included
	failures       int      // offers that failed
}

// begin gives the actor a connection, and a Session that negotiates it.
func (a *actor) begin(name string) {
	polite := a.me == 0
	if a.kind == "browser" {
		a.browser = newBrowserModel(name, a)
		a.held = held.New(a.browser, polite, false)
	} else {
		a.pion = newPionModel(name, a)
		a.held = held.New(a.pion, polite, false)
	}
	a.s = newTestSession(polite)
	a.s.n = NewNegotiator(nil, roleOf(polite), nil, nil)
	a.wire()
}

func newTestSession(polite bool) *Session {
	return &Session{polite: polite, stop: never, done: never, state: webrtc.SignalingStateStable}
}

var never = make(chan struct{})

type testAdapter struct{ *held.PeerConnection }

func (testAdapter) Flush()  {}
func (testAdapter) Detach() {}

// wire connects what belongs to the actor with it.
func (a *actor) wire() {
	a.s.pc = testAdapter{a.held}
	a.s.trace = a.trace
	a.s.n.pc, a.s.n.send, a.s.n.trace = a.s.pc, a.send, a.s.stamp
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

// send is the Session's.
func (a *actor) send(m Message) error {
	if a.closed {
		a.violation("sends after Close")
	}
	if a.link != nil {
		a.linkSend(m)
		return nil
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
	if a.w.record != nil {
		a.note("%s ⟶", contentOf(m))
	}
	if m.Description != nil && m.Description.Type == webrtc.SDPTypeAnswer {
		offer := read(a.model().current.remote).lines
		for i, l := range read(m.Description.SDP).lines { // RFC 3264 section 6.1
			if allowed := offer[i].dir.Reversed(); l.dir&^allowed != 0 {
				a.violation("answers %s in section %s where %s is allowed", l.dir, l.mid, allowed)
			}
		}
	}
	return nil
}

func outlineOf(d webrtc.SessionDescription) string { return read(d.SDP).outline }

// choice is what may happen within an operation.
type choice uint8

const (
	nothing choice = iota
	itFails
	itCloses
	itChanges
	messageArrives
	taskRuns
)

func (c choice) String() string {
	return []string{"", "fails", "Close", "change", "message arrives", "negotiation-needed task"}[c]
}

// within is where the interleavings are that matter: what happens while an operation is
// pending.
func (a *actor) within(operation string) error {
	if a.link != nil {
		return nil // walked without one
	}
	var all [taskRuns + 1]choice
	choices := all[:1]
	done := strings.HasSuffix(operation, "done")
	if a.w.faults > 0 && !done {
		choices = append(choices, itFails)
	}
	if a.w.closes > 0 && !a.closed {
		choices = append(choices, itCloses)
	}
	if a.browser != nil && len(a.plan) > 0 && !a.closed {
		choices = append(choices, itChanges)
	}
	if len(a.inbox) > 0 && !done && !strings.HasPrefix(operation, "Create") { // it waits in any case
		choices = append(choices, messageArrives)
	}
	if a.tasks && !done && a.w.faults+a.w.closes > 0 { // otherwise it comes to the same as afterwards
		choices = append(choices, taskRuns)
	}
	chosen := choices[a.w.choose(len(choices))]
	if chosen != nothing {
		a.note("· in %s: %s", operation, chosen)
	}
	switch chosen {
	case itFails:
		a.w.faults--
		a.failed = true
		return errInjected
	case itCloses:
		a.close()
	case itChanges:
		a.change()
	case messageArrives:
		a.deliver()
	case taskRuns:
		a.tasks = false
		a.browser.runTask()
	}
	return nil
}

var errInjected = errors.New("injected")

func (a *actor) task() { a.tasks = true }
func (a *actor) gathered(ufrag string) {
	if a.link == nil {
		a.gather = append(a.gather, ufrag)
	}
}
func (a *actor) needed() { a.s.recheck() }

// may reports whether the event can happen now.
func (a *actor) may(e event) bool {
	if a.closed || a.s.failure != nil {
		return e == delivery && len(a.inbox) > 0
	}
	switch e {
	case delivery:
		return len(a.inbox) > 0 || a.linkMay(delivery)
	case task:
		return a.tasks
	case candidate:
		return len(a.gather) > 0
	case retry:
		return a.retry
	case change:
		return len(a.plan) > 0
	case renegotiation:
		return a.renegs > 0
	case restart:
		return a.restart > 0
	case closing:
		return a.w.closes > 0
	}
	return a.linkMay(e)
}

// happen makes the event happen, and the Session handle all that follows from it.
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
		a.requested, a.requestOffered = true, false
		a.s.Renegotiate()
	case restart:
		a.restart--
		a.changes++
		a.note("RestartICE")
		a.s.enqueue(func() {
			m := a.model()
			if m.current.local != "" {
				a.restarts = []string{read(m.current.remote).ufrag, read(m.current.local).ufrag, a.held.Ufrag}
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
		ufrag = a.held.Ufrag
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
