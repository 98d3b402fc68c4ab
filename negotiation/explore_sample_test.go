//go:build !js

package negotiation

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/held"
)

// sampleWorld is two peers that run the W3C sample, asynchronous as it is, over
// models that roll back, joined by two queues that may lose or double a message.
// https://www.w3.org/TR/webrtc/#perfect-negotiation-example
type sampleWorld struct {
	peers   [2]*samplePeer
	losses  int // messages that may still be lost
	doubles int // messages that may still come twice
	trickle bool

	script  []byte
	choices []byte
	broken  []string
	record  func(who int, text string)
}

// samplePeer is the sample's variables, its pending awaits, and its connection.
type samplePeer struct {
	w      *sampleWorld
	me     int
	pc     *browserModel
	chain  []sampleOperation // the connection's operations chain
	inbox  []Message
	tasks  bool     // the negotiation-needed task is queued
	gather []string // ufrags whose candidate has not been reported
	plan   []string

	makingOffer, ignoreOffer, isSettingRemoteAnswerPending bool
}

// sampleOperation is one call that a handler of the sample awaits.
type sampleOperation struct {
	call string // what is awaited: in onnegotiationneeded, setLocalDescription; in onmessage, one of the others
	m    Message
}

func newSampleWorld(polite, impolite string, trickle bool, losses, doubles int) *sampleWorld {
	w := &sampleWorld{trickle: trickle, losses: losses, doubles: doubles}
	for i, plan := range []string{polite, impolite} {
		p := &samplePeer{w: w, me: i, plan: strings.Fields(plan)}
		p.pc = newBrowserModel([]string{"p", "i"}[i], p)
		w.peers[i] = p
	}
	return w
}

func (w *sampleWorld) violations() []string                 { return w.broken }
func (w *sampleWorld) observe(f func(who int, text string)) { w.record = f }

func (w *sampleWorld) next(who int, e event, script []byte) (state, []byte) {
	if !w.peers[who].may(e) {
		return nil, nil
	}
	v := *w
	v.script, v.choices, v.broken = script, nil, nil
	for i, p := range w.peers {
		q := *p
		q.w = &v
		q.pc = p.pc.clone(&q)
		q.chain, q.inbox, q.gather = slices.Clone(p.chain), slices.Clone(p.inbox), slices.Clone(p.gather)
		v.peers[i] = &q
	}
	v.peers[who].happen(e)
	v.check()
	return &v, v.choices
}

func (w *sampleWorld) choose(n int) int {
	i := len(w.choices)
	w.choices = append(w.choices, byte(n))
	if i < len(w.script) {
		return int(w.script[i])
	}
	return 0
}

func (p *samplePeer) within(string) error { return nil }
func (p *samplePeer) task()               { p.tasks = true }
func (p *samplePeer) needed()             { p.onnegotiationneeded() }
func (p *samplePeer) gathered(ufrag string) {
	if p.w.trickle {
		p.gather = append(p.gather, ufrag)
	}
}

func (p *samplePeer) may(e event) bool {
	return [events]bool{
		delivery: len(p.inbox) > 0, task: p.tasks, operation: len(p.chain) > 0,
		candidate: len(p.gather) > 0, change: len(p.plan) > 0,
	}[e]
}

func (p *samplePeer) happen(e event) {
	switch e {
	case delivery:
		p.deliver()
	case task:
		p.tasks = false
		p.pc.runTask()
	case operation:
		p.operate()
	case candidate:
		p.send(Message{Candidate: &webrtc.ICECandidateInit{Candidate: "candidate:1", UsernameFragment: &p.gather[0]}})
		p.gather = p.gather[1:]
	case change:
		p.note("%s", p.plan[0])
		p.pc.change(p.plan[0])
		p.plan = p.plan[1:]
	}
}

func (p *samplePeer) note(format string, args ...any) {
	if p.w.record != nil {
		p.w.record(p.me, fmt.Sprintf(format, args...))
	}
}

func (p *samplePeer) violation(format string, args ...any) {
	p.w.broken = append(p.w.broken, string(roleOf(p.me == 0))+": "+fmt.Sprintf(format, args...))
}

func (p *samplePeer) send(m Message) {
	p.note("%s ⟶", p.outline(m))
	other := p.w.peers[1-p.me]
	other.inbox = append(other.inbox, m)
}

func (p *samplePeer) outline(m Message) string {
	if m.Description == nil {
		return "candidate " + candidateUfrag(*m.Candidate)
	}
	return m.Description.Type.String() + " " + outlineOf(*m.Description)
}

func (p *samplePeer) deliver() {
	m := p.inbox[0]
	options := []func(){func() { p.inbox = p.inbox[1:] }}
	if p.w.losses > 0 {
		options = append(options, func() {
			p.w.losses--
			p.inbox = p.inbox[1:]
			p.note("⟵ %s is lost", p.outline(m))
			m = Message{}
		})
	}
	if p.w.doubles > 0 {
		options = append(options, func() {
			p.w.doubles--
			p.note("it will come once more")
		})
	}
	options[p.w.choose(len(options))]()
	if m != (Message{}) {
		p.note("⟵ %s", p.outline(m))
		p.onmessage(m)
	}
}

// await puts an operation into the chain.
func (p *samplePeer) await(call string, m Message) {
	p.chain = append(p.chain, sampleOperation{call, m})
	p.pc.busy = true
}

// operate runs the first operation of the chain, and the handler that awaits it
// on to its next await.
func (p *samplePeer) operate() {
	o := p.chain[0]
	var err error
	var description held.Local
	switch o.call {
	case "setLocalDescription", "setLocalDescription for an answer":
		if p.pc.state == webrtc.SignalingStateHaveRemoteOffer {
			description, err = p.pc.answer()
		} else {
			description = p.pc.offer(false)
		}
		if err == nil {
			err = p.pc.setLocal(description.Made)
		}
	case "setRemoteDescription":
		err = p.pc.setRemote(*o.m.Description)
	case "addIceCandidate":
		err = p.addIceCandidate(*o.m.Candidate)
	}
	p.note("%s: %v", o.call, outcome(err))
	p.chain = p.chain[1:]
	p.pc.busy = len(p.chain) > 0
	if p.pc.onEmpty && !p.pc.busy {
		p.pc.onEmpty = false
		p.pc.update()
	}
	p.then(o, description.Made, err)
}

func outcome(err error) string {
	if err != nil {
		return err.Error()
	}
	return "done"
}

// addIceCandidate heeds the ufrag, as the specification says.
func (p *samplePeer) addIceCandidate(c webrtc.ICECandidateInit) error {
	err := p.pc.common.AddICECandidate(c)
	if p.pc.misled {
		p.pc.misled = false
		return ErrUnknownUfrag
	}
	return err
}

// From here on it is the sample, line by line.

func (p *samplePeer) onnegotiationneeded() {
	p.makingOffer = true
	p.await("setLocalDescription", Message{})
}

func (p *samplePeer) onmessage(m Message) {
	if m.Description == nil {
		p.await("addIceCandidate", m)
		return
	}
	readyForOffer := !p.makingOffer && (p.pc.state == webrtc.SignalingStateStable || p.isSettingRemoteAnswerPending)
	offerCollision := m.Description.Type == webrtc.SDPTypeOffer && !readyForOffer
	p.ignoreOffer = p.me == 1 && offerCollision
	if p.ignoreOffer {
		p.note("(ignored)")
		return
	}
	p.isSettingRemoteAnswerPending = m.Description.Type == webrtc.SDPTypeAnswer
	p.await("setRemoteDescription", m)
}

// then is what follows an await.
func (p *samplePeer) then(o sampleOperation, local webrtc.SessionDescription, err error) {
	switch o.call {
	case "setLocalDescription":
		p.makingOffer = false
		fallthrough
	case "setLocalDescription for an answer":
		if err == nil {
			p.send(Message{Description: &local})
		}
	case "setRemoteDescription":
		p.isSettingRemoteAnswerPending = p.isSettingRemoteAnswerPending && err != nil
		if err == nil && o.m.Description.Type == webrtc.SDPTypeOffer {
			p.await("setLocalDescription for an answer", Message{})
		}
	case "addIceCandidate":
		if err != nil && p.ignoreOffer {
			err = nil
		}
	}
	if err != nil {
		p.violation("an error: %v", err)
	}
}

func (w *sampleWorld) check() {
	for _, p := range w.peers {
		for e := delivery; e < change; e++ {
			if p.may(e) {
				return
			}
		}
	}
	for _, p := range w.peers {
		if p.pc.state != webrtc.SignalingStateStable {
			p.violation("it rests in %s", p.pc.state)
		} else if p.pc.check() {
			p.violation("an offer is still needed")
		}
	}
	ours, theirs := read(w.peers[0].pc.current.local).lines, read(w.peers[1].pc.current.local).lines
	if len(w.broken) == 0 && !slices.EqualFunc(ours, theirs, func(a, b line) bool { return a.mid == b.mid && a.kind == b.kind }) {
		w.peers[0].violation("the sections differ: %v and %v", ours, theirs)
	}
}

func (w *sampleWorld) key(b []byte) []byte {
	k := key(b)
	k.number(w.losses, w.doubles)
	for _, p := range w.peers {
		p.key(&k)
	}
	return k
}

func (p *samplePeer) key(k *key) {
	k.flags(p.makingOffer, p.ignoreOffer, p.isSettingRemoteAnswerPending, p.tasks, p.pc.busy, p.pc.onEmpty, p.pc.flag)
	k.number(len(p.plan))
	k.model(&p.pc.common)
	k.list(p.gather)
	k.number(len(p.inbox))
	for _, m := range p.inbox {
		k.message(m)
	}
	k.number(len(p.chain))
	for _, o := range p.chain {
		k.text(o.call)
		k.message(o.m)
	}
}

// TestTheSample walks the W3C sample. Over signalling that delivers all once and
// in order, and without candidates, it converges. What breaks it otherwise is
// shown in sample.md.
func TestTheSample(t *testing.T) {
	if RaceEnabled {
		t.Skip("has one goroutine, and takes long with the race detector")
	}
	for _, test := range []struct {
		name  string
		start *sampleWorld
	}{
		{"", newSampleWorld("channel audio", "channel audio", false, 0, 0)},
		{"", newSampleWorld("audio remove", "track video", false, 0, 0)},
		{"A candidate of an ignored offer", newSampleWorld("channel", "channel", true, 0, 0)},
		{"A message is lost", newSampleWorld("channel", "", false, 1, 0)},
		{"A message comes twice", newSampleWorld("channel", "", false, 0, 1)},
	} {
		w := &walk{start: test.start}
		w.run()
		t.Logf("%d states, %d transitions, %d violations", w.states, w.transitions, w.violations)
		if test.name == "" {
			if w.violations > 0 {
				t.Errorf("%s\n%s", w.what, replay(w.start, w.first))
			}
			continue
		}
		if w.violations == 0 {
			t.Errorf("%s: nothing broke", test.name)
			continue
		}
		shown, err := os.ReadFile("sample.md")
		if err != nil {
			t.Fatal(err)
		}
		diagram := replay(w.start, w.first)
		if want := "## " + test.name + "\n"; !strings.Contains(string(shown), want) || !strings.Contains(string(shown), diagram) {
			t.Errorf("sample.md does not show this:\n%s\n```\n%s```", want, diagram)
		}
	}
}
