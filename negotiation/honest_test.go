package negotiation

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/held"
)

var schedules = flag.Int("schedules", 20, "how many random schedules the models and the real connections run")

// TestModelsAreHonest has real connections, of pion or of the browser, and their
// models take the same random steps. As package held does, nobody sets an offer that
// it may have to take back, and nobody takes an offer that is not due.
func TestModelsAreHonest(t *testing.T) {
	counts := map[string]int{}
	for n := range *schedules {
		s := &schedule{rand.New(rand.NewPCG(uint64(n), *seed)), t, nil, map[string]string{}, counts}
		twins := [2]*twin{newTwin(s, "p"), newTwin(s, "i")}
		for range 80 {
			x := s.IntN(2)
			twins[x].step(twins[1-x])
			for _, w := range twins {
				w.compare()
			}
			if t.Failed() {
				t.Fatalf("schedule %d of seed %d:\n%s", n, *seed, strings.Join(s.log, "\n"))
			}
		}
		for _, w := range twins {
			w.real.close()
		}
	}
	t.Logf("%d schedules: %v", *schedules, counts)
}

// schedule is a random sequence of steps that two real connections and their two
// models take together. Each step is written down.
type schedule struct {
	*rand.Rand
	t      *testing.T
	log    []string
	ufrags map[string]string // of a real connection: the model's
	counts map[string]int
}

func (s *schedule) note(format string, args ...any) {
	s.log = append(s.log, fmt.Sprintf(format, args...))
}

// same fails the test if the two are not equal.
func (s *schedule) same(what string, connection, model any) {
	s.t.Helper()
	if connection != model {
		s.t.Errorf("%s: %v, and the model says %v", what, connection, model)
	}
}

// failed compares two errors: not their text, but that there is one.
func (s *schedule) failed(what string, connection, model error) {
	s.t.Helper()
	if (connection == nil) != (model == nil) {
		s.t.Errorf("%s: %v, and the model says %v", what, connection, model)
	}
}

// alike compares two descriptions: sections, directions, the DTLS role, and which
// credentials are new. Mids are not compared, but what they stand for is.
func (s *schedule) alike(d pairOf) {
	s.t.Helper()
	c, m := read(d.real.Wire.String()), read(d.model.Wire.String())
	s.note("    %s %s", m.ufrag, sketch(m))
	s.same(d.real.Made.Type.String(), sketch(c), sketch(m))
	if known, ok := s.ufrags[c.ufrag]; ok {
		s.same("the ufrag", known, m.ufrag)
	}
	s.ufrags[c.ufrag] = m.ufrag
}

func sketch(d description) string {
	text := d.setup
	for _, l := range d.lines {
		text += " " + l.kind
		if l.kind != "application" {
			text += "/" + l.dir.String()
		}
	}
	return text
}

// twin is a real connection and its model.
type twin struct {
	*schedule
	name  string
	real  subject
	model subject

	offer, answer *pairOf
	latest        pairOf // in force or offered
}

// subject is a connection or a model.
type subject interface {
	held.Connection
	change(what string)
	// list returns kind, mid and direction of the transceivers.
	list() []transceiver
	// settled waits until all events are here, and returns how often
	// negotiationneeded was fired.
	settled() int
	close()
}

// pairOf is a description of a connection, and the model's.
type pairOf struct{ real, model held.Local }

func (d pairOf) there() bool { return d.real.Wire != nil }

func (w *twin) compare() {
	w.t.Helper()
	w.same(w.name+"'s negotiationneeded", w.real.settled(), w.model.settled())
	w.same(w.name+"'s state", w.real.SignalingState(), w.model.SignalingState())
	w.same(w.name+"'s transceivers", view(w.real.list(), w.latest.real), view(w.model.list(), w.latest.model))
}

// view says which transceivers there are, and in which section of d.
func view(list []transceiver, d held.Local) string {
	var all []string
	var lines []line
	if d.Wire != nil {
		lines = read(d.Wire.String()).lines
	}
	for _, t := range list {
		section := "-"
		for i, l := range lines {
			if t.mid != "" && l.mid == t.mid {
				section = fmt.Sprint(i)
			}
		}
		all = append(all, section+" "+t.kind+"/"+t.dir.String())
	}
	return strings.Join(all, ", ")
}

// step takes one of the steps that are possible.
func (w *twin) step(other *twin) {
	state := w.model.SignalingState()
	stable := state == webrtc.SignalingStateStable
	waiting := w.answer != nil || other.answer != nil
	var steps []func()
	may := func(times int, condition bool, step func()) {
		for range times {
			if condition {
				steps = append(steps, step)
			}
		}
	}
	may(2, true, func() {
		what := changes[w.IntN(len(changes))]
		w.note("%s: %s", w.name, what)
		w.real.change(what)
		w.model.change(what)
	})
	may(2, stable && !waiting && w.offer == nil && len(w.model.Wants()) > 0, w.makeOffer)
	may(4, stable && !waiting && other.offer != nil, func() { w.takeOffer(other) })
	may(6, state == webrtc.SignalingStateHaveRemoteOffer, w.makeAnswer)
	may(6, w.offer != nil && other.answer != nil, func() { w.takeAnswer(other) })
	may(1, stable && w.offer != nil && !waiting && other.model.SignalingState() == webrtc.SignalingStateStable, w.commit)
	may(1, !stable && w.offer != nil, w.commit) // which fails
	may(1, stable && w.latest.there(), w.answerToNothing)
	may(1, stable, w.answerNothing)
	may(1, true, func() { w.candidate(other) })
	steps[w.IntN(len(steps))]()
}

func (w *twin) makeOffer() {
	restart := w.latest.there() && w.IntN(4) == 0
	w.note("%s: makes an offer, restart %t", w.name, restart)
	w.failed("NameSections", w.real.NameSections(), w.model.NameSections())
	real, err := w.real.CreateOffer(restart)
	model, modelErr := w.model.CreateOffer(restart)
	w.failed("CreateOffer", err, modelErr)
	w.offer = &pairOf{real, model}
	w.alike(*w.offer)
}

// commit sets our offer, also when that is not allowed.
func (w *twin) commit() {
	w.note("%s: sets its offer", w.name)
	w.setLocal(*w.offer)
	if w.model.SignalingState() == webrtc.SignalingStateHaveLocalOffer {
		w.latest = *w.offer
	}
}

func (w *twin) setLocal(d pairOf) {
	w.failed("SetLocalDescription", w.real.SetLocalDescription(d.real.Made), w.model.SetLocalDescription(d.model.Made))
}

func (w *twin) setRemote(d pairOf) {
	set := func(s subject, d held.Local) error {
		plan, err := s.Look(d.Made.Type, d.Wire)
		if err != nil {
			return err
		}
		return plan.Apply()
	}
	w.failed("SetRemoteDescription", set(w.real, d.real), set(w.model, d.model))
}

func (w *twin) takeOffer(other *twin) {
	w.note("%s: takes the offer", w.name)
	w.counts["offers taken"]++
	if w.offer != nil {
		w.counts["offers dropped for them"]++
	}
	w.offer = nil
	w.setRemote(*other.offer)
	w.latest = *other.offer
}

func (w *twin) makeAnswer() {
	w.note("%s: answers", w.name)
	real, err := w.real.CreateAnswer()
	model, modelErr := w.model.CreateAnswer()
	w.failed("CreateAnswer", err, modelErr)
	w.answer = &pairOf{real, model}
	w.alike(*w.answer)
	w.setLocal(*w.answer)
}

func (w *twin) takeAnswer(other *twin) {
	if w.model.SignalingState() == webrtc.SignalingStateStable {
		w.commit()
	}
	w.note("%s: takes the answer", w.name)
	w.counts["answers taken"]++
	w.setRemote(*other.answer)
	w.offer, other.answer = nil, nil
}

// answerToNothing sets a remote answer that is not due, which fails.
func (w *twin) answerToNothing() {
	w.note("%s: takes an answer to nothing", w.name)
	d := w.latest
	d.real.Made.Type, d.model.Made.Type = webrtc.SDPTypeAnswer, webrtc.SDPTypeAnswer
	w.setRemote(d)
}

// answerNothing makes an answer that is not due, which fails.
func (w *twin) answerNothing() {
	w.note("%s: answers nothing", w.name)
	_, err := w.real.CreateAnswer()
	_, modelErr := w.model.CreateAnswer()
	w.failed("CreateAnswer in stable", err, modelErr)
}

// candidate takes one of the other side's offer, or of nobody's.
func (w *twin) candidate(other *twin) {
	real, model := "nobodys", "nobodys"
	if other.offer != nil && w.IntN(2) == 0 {
		real, model = read(other.offer.real.Wire.String()).ufrag, read(other.offer.model.Wire.String()).ufrag
	}
	w.note("%s: takes a candidate of %s", w.name, model)
	line := uint16(0)
	init := func(ufrag string) webrtc.ICECandidateInit {
		return webrtc.ICECandidateInit{Candidate: "candidate:1 1 udp 1 192.0.2.1 9 typ host", SDPMLineIndex: &line, UsernameFragment: &ufrag}
	}
	w.failed("AddICECandidate", w.real.AddICECandidate(init(real)), w.model.AddICECandidate(init(model)))
}
