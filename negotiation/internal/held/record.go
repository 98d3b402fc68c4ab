package held

import (
	"cmp"
	"errors"
	"slices"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/sdp"
	"perfect-negotiation/negotiation/trace"
)

// classes are the errors on which decisions depend.
var classes = []struct {
	name string
	err  error
}{
	{"refused", ErrRefused}, {"early", ErrNoRemoteDescription}, {"ufrag", ErrUnknownUfrag},
	{"closed", ErrClosed}, {"wedged", ErrWedged}, {"offer", ErrOffer},
}

// Note stores an error in an input.
func Note(in trace.Input, err error) trace.Input {
	if err == nil {
		return in
	}
	in.Err, in.Code = cmp.Or(err.Error(), "?"), trace.CodeOf(err)
	for _, c := range classes {
		if errors.Is(err, c.err) {
			in.Class = c.name
			break
		}
	}
	return in
}

// Noted returns an error equivalent to the one that [Note] stored.
func Noted(in trace.Input) error {
	if in.Err == "" {
		return nil
	}
	err := errors.New(in.Err)
	for _, c := range classes {
		if in.Class == c.name {
			err = &noted{in.Err, c.err}
		}
	}
	if in.Code != "" {
		err = trace.Because(in.Code, err)
	}
	return err
}

type noted struct {
	text  string
	class error
}

func (n *noted) Error() string { return n.text }
func (n *noted) Unwrap() error { return n.class }

// Recorded returns a connection that reports each call and its result to tell; pc
// itself if tell is nil. moves is as in [New].
func Recorded(pc Connection, moves bool, tell func(trace.Input)) Connection {
	if tell == nil {
		return pc
	}
	tell(trace.Input{Call: trace.Moves, Yes: moves})
	return &recorded{Connection: pc, to: tell, state: pc.SignalingState()}
}

type recorded struct {
	Connection
	to    func(trace.Input)
	state webrtc.SignalingState // as reported last
}

func (r *recorded) tell(in trace.Input, err error) {
	r.state = r.Connection.SignalingState()
	in.State = trace.State(r.state.String())
	r.to(Note(in, err))
}

func (r *recorded) SignalingState() webrtc.SignalingState {
	if r.Connection.SignalingState() != r.state {
		r.tell(trace.Input{Call: trace.StateIs}, nil)
	}
	return r.state
}

func (r *recorded) NameSections() error {
	err := r.Connection.NameSections()
	r.tell(trace.Input{Call: trace.Names}, err)
	return err
}

func (r *recorded) CreateOffer(restart bool) (Local, error) {
	l, err := r.Connection.CreateOffer(restart)
	r.tell(trace.Input{Call: trace.CreatesOffer, Yes: restart, SDP: wire(l)}, err)
	return l, err
}

func (r *recorded) CreateAnswer() (Local, error) {
	l, err := r.Connection.CreateAnswer()
	r.tell(trace.Input{Call: trace.CreatesAnswer, SDP: wire(l)}, err)
	return l, err
}

func wire(l Local) string {
	if l.Wire == nil {
		return ""
	}
	return l.Wire.String()
}

func (r *recorded) SetLocalDescription(d webrtc.SessionDescription) error {
	err := r.Connection.SetLocalDescription(d)
	r.tell(trace.Input{Call: trace.SetsLocal}, err)
	return err
}

func (r *recorded) Look(kind webrtc.SDPType, d *sdp.Description) (Plan, error) {
	plan, err := r.Connection.Look(kind, d)
	r.tell(trace.Input{Call: trace.Looks, Yes: err == nil && plan.Empty()}, err)
	return recordedPlan{plan, r}, err
}

type recordedPlan struct {
	Plan
	r *recorded
}

func (p recordedPlan) Apply() error {
	err := p.Plan.Apply()
	p.r.tell(trace.Input{Call: trace.Applies}, err)
	return err
}

func (r *recorded) AddICECandidate(c webrtc.ICECandidateInit) error {
	err := r.Connection.AddICECandidate(c)
	r.tell(trace.Input{Call: trace.AddsCandidate}, err)
	return err
}

func (r *recorded) Commits(offered []sdp.Section) bool {
	yes := r.Connection.Commits(offered)
	r.tell(trace.Input{Call: trace.CommitsOffer, Yes: yes}, nil)
	return yes
}

func (r *recorded) Wants() []Want {
	wants := r.Connection.Wants()
	in := trace.Input{Call: trace.HasWants}
	for _, w := range wants {
		in.Wants = append(in.Wants, trace.Want(w))
	}
	r.tell(in, nil)
	return wants
}

func (r *recorded) Superseded(err error) bool {
	yes := r.Connection.Superseded(err)
	r.tell(trace.Input{Call: trace.HasSuperseded, Yes: yes}, nil)
	return yes
}

// Script is a connection that answers from a recording.
type Script struct {
	// Next returns the recorded result of a call; ok is false if the recording has a
	// different call here.
	Next  func(trace.Call) (in trace.Input, ok bool)
	State func() webrtc.SignalingState
}

// ErrScript is returned by a Script if the recording has a different call.
var ErrScript = errors.New("the recording has no answer")

func (s *Script) next(call trace.Call) (trace.Input, error) {
	in, ok := s.Next(call)
	if !ok {
		return in, ErrScript
	}
	return in, Noted(in)
}

// SignalingState implements Connection.
func (s *Script) SignalingState() webrtc.SignalingState { return s.State() }

// NameSections implements Connection.
func (s *Script) NameSections() error { _, err := s.next(trace.Names); return err }

// CreateOffer implements Connection.
func (s *Script) CreateOffer(restart bool) (Local, error) {
	in, err := s.next(trace.CreatesOffer)
	if err == nil && in.Yes != restart {
		return Local{}, ErrScript
	}
	return scripted(webrtc.SDPTypeOffer, in, err)
}

// CreateAnswer implements Connection.
func (s *Script) CreateAnswer() (Local, error) {
	in, err := s.next(trace.CreatesAnswer)
	return scripted(webrtc.SDPTypeAnswer, in, err)
}

func scripted(typ webrtc.SDPType, in trace.Input, err error) (Local, error) {
	if err != nil {
		return Local{}, err
	}
	return Local{webrtc.SessionDescription{Type: typ, SDP: in.SDP}, sdp.Parse(in.SDP)}, nil
}

// SetLocalDescription implements Connection.
func (s *Script) SetLocalDescription(webrtc.SessionDescription) error {
	_, err := s.next(trace.SetsLocal)
	return err
}

// Look implements Connection.
func (s *Script) Look(webrtc.SDPType, *sdp.Description) (Plan, error) {
	in, err := s.next(trace.Looks)
	return scriptPlan{s, in.Yes}, err
}

type scriptPlan struct {
	s     *Script
	empty bool
}

func (p scriptPlan) Empty() bool  { return p.empty }
func (p scriptPlan) Apply() error { _, err := p.s.next(trace.Applies); return err }

// AddICECandidate implements Connection.
func (s *Script) AddICECandidate(webrtc.ICECandidateInit) error {
	_, err := s.next(trace.AddsCandidate)
	return err
}

// Commits implements Connection.
func (s *Script) Commits([]sdp.Section) bool { in, _ := s.next(trace.CommitsOffer); return in.Yes }

// Wants implements Connection.
func (s *Script) Wants() []Want {
	in, _ := s.next(trace.HasWants)
	var wants []Want
	for _, w := range in.Wants {
		wants = append(wants, Want(w))
	}
	return slices.Clip(wants)
}

// Superseded implements Connection.
func (s *Script) Superseded(error) bool { in, _ := s.next(trace.HasSuperseded); return in.Yes }
