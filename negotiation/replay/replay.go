// Package replay repeats the decisions of a recorded negotiation: with the shipped
// Negotiator and held offers, over a connection that answers as recorded. So a trace
// is a test: either the decisions are the same, or the replay reports the first
// difference.
package replay

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/internal/held"
	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/negotiation/trace"
)

// Errors of a replay.
var (
	// ErrParted means that a decision differs from the recorded one.
	ErrParted = errors.New("the replay parts from the recording")
	// ErrRecording means that a recording cannot be replayed.
	ErrRecording = errors.New("the recording cannot be replayed")
)

// decisions are the events of a Negotiator. Others come from the Session, which is
// not replayed.
var decisions = map[trace.Kind]bool{
	trace.NegotiationNeeded: true, trace.Renegotiate: true, trace.Restart: true,
	trace.OfferSending: true, trace.OfferReceived: true, trace.CollisionRollback: true, trace.CollisionIgnored: true,
	trace.AnswerCreating: true, trace.AnswerSending: true, trace.AnswerReceived: true, trace.AnswerDropped: true,
	trace.CandidateIgnored: true,
}

// Run replays the inputs of one negotiation and compares the decisions with its
// events, in order; it skips events of the Session. It returns the number of
// decisions that are the same, and an error that wraps [ErrParted] or [ErrRecording].
// A recording may end anywhere, but must begin where the negotiation does.
func Run(inputs []trace.Input, events []trace.Event) (same int, err error) {
	r := &run{inputs: inputs, events: events, state: webrtc.SignalingStateStable}
	moves, ok := r.take(trace.Moves)
	begin, ok2 := r.take(trace.Begins)
	switch {
	case !ok || !ok2:
		return 0, fmt.Errorf("%w: its beginning is missing", ErrRecording)
	case begin.Yes:
		return 0, fmt.Errorf("%w: the connection had negotiated before", ErrRecording)
	}
	r.held = held.New(&held.Script{Next: r.answer, State: r.signaling}, begin.Type == trace.Type(wire.Polite), moves.Yes)
	r.held.Admit = func(string) error {
		in, ok := r.answer(trace.AdmitsOne)
		if !ok {
			return held.ErrScript
		}
		return held.Noted(in)
	}
	r.n = negotiation.NewNegotiator(r.held, wire.Role(begin.Type), func(negotiation.Message) error { return nil }, r.decided)
	for r.at < len(r.inputs) && r.parted == nil {
		r.step()
	}
	if r.parted == nil && !r.cut {
		for _, e := range r.events[r.told:] {
			if decisions[e.Kind] {
				r.part("%s is decided no more", e.Kind)
				break
			}
		}
	}
	return r.same, r.parted
}

type run struct {
	inputs []trace.Input
	at     int
	events []trace.Event
	told   int
	same   int

	held   *held.PeerConnection
	n      *negotiation.Negotiator
	state  webrtc.SignalingState // of the connection
	parted error
	cut    bool // the recording ended within a call
}

// part notes the first difference.
func (r *run) part(format string, args ...any) {
	if r.parted == nil && !r.cut {
		r.parted = fmt.Errorf("%w at input %d, event %d: %s", ErrParted, r.at, r.told, fmt.Sprintf(format, args...))
	}
}

// step makes the next call.
func (r *run) step() {
	in := r.inputs[r.at]
	r.at++
	var err error
	yes := false
	switch in.Call {
	case trace.StateIs:
		r.state = signalingState(in.State)
		return
	case trace.Renegotiates:
		err = r.n.Renegotiate()
	case trace.RestartsICE:
		r.n.RestartICE()
	case trace.Offers:
		err = r.n.NegotiationNeeded()
	case trace.Retries:
		err = r.n.Retry()
	case trace.LooksUp:
		if r.at < len(r.inputs) && r.inputs[r.at].Call == trace.Returns && !r.inputs[r.at].Yes && r.signaling() == webrtc.SignalingStateStable && !r.held.Holds() && !r.held.Restart {
			break // a browser's connection decides by itself that it needs none
		}
		yes = r.held.Needed()
	default:
		m := received(in)
		if m == nil {
			r.part("%s is no call", in.Call)
			return
		}
		err = r.n.Receive(*m)
	}
	if r.at == len(r.inputs) {
		r.cut = true
	}
	returned, ok := r.answer(trace.Returns)
	if !ok {
		return
	}
	if again := held.Note(trace.Input{}, err); again.Class != returned.Class || (again.Err == "") != (returned.Err == "") || yes != returned.Yes {
		r.part("%s returns %q (%s), %t, and not %q (%s), %t", in.Call, again.Err, cmp.Or(again.Class, "none"), yes, returned.Err, cmp.Or(returned.Class, "none"), returned.Yes)
	}
}

func received(in trace.Input) *negotiation.Message {
	switch in.Call {
	case trace.Receives:
		return &negotiation.Message{Description: &webrtc.SessionDescription{Type: webrtc.NewSDPType(string(in.Type)), SDP: in.SDP}}
	case trace.ReceivesICE:
		c := &webrtc.ICECandidateInit{Candidate: in.Candidate}
		if in.Ufrag != "" {
			c.UsernameFragment = &in.Ufrag
		}
		return &negotiation.Message{Candidate: c}
	case trace.ReceivesEnd:
		return &negotiation.Message{}
	}
	return nil
}

// take returns the next input, if it is of this call.
func (r *run) take(call trace.Call) (trace.Input, bool) {
	if r.at >= len(r.inputs) || r.inputs[r.at].Call != call {
		return trace.Input{}, false
	}
	in := r.inputs[r.at]
	r.at++
	return in, true
}

// answer returns the recorded result of a call.
func (r *run) answer(call trace.Call) (trace.Input, bool) {
	r.signaling()
	if r.at >= len(r.inputs) {
		r.cut = true
		return trace.Input{}, false
	}
	in, ok := r.take(call)
	if !ok {
		r.part("%s is called where %s was", call, r.inputs[r.at].Call)
		return in, false
	}
	if in.State != "" {
		r.state = signalingState(in.State)
	}
	return in, true
}

// signaling returns the state of the connection.
func (r *run) signaling() webrtc.SignalingState {
	for {
		in, ok := r.take(trace.StateIs)
		if !ok {
			return r.state
		}
		r.state = signalingState(in.State)
	}
}

func signalingState(name trace.State) webrtc.SignalingState {
	for s := webrtc.SignalingStateStable; s <= webrtc.SignalingStateClosed; s++ {
		if s.String() == string(name) {
			return s
		}
	}
	return webrtc.SignalingStateUnknown
}

// decided compares an event with what was recorded.
func (r *run) decided(e trace.Event) {
	if !decisions[e.Kind] || r.parted != nil || r.cut {
		return
	}
	for r.told < len(r.events) && !decisions[r.events[r.told].Kind] {
		r.told++
	}
	if r.told == len(r.events) {
		r.cut = true // the next decision is not in the recording
		return
	}
	was := r.events[r.told]
	r.told++
	a, b := essence(e), essence(was)
	if a != b {
		r.part("%s, where it was %s", a, b)
		return
	}
	r.same++
}

// decision holds the values that a decision must have in common with the recorded
// one.
type decision struct {
	kind  trace.Kind
	code  trace.Code
	role  wire.Role
	state trace.State
	held  bool
	typ   trace.Type
	sdp   string
}

func essence(e trace.Event) decision {
	if e.Kind == trace.Renegotiate || e.Kind == trace.Restart {
		e.Code = "" // the code comes from the caller
	}
	return decision{e.Kind, e.Code, e.Role, e.State, e.Held, e.Message.Type, e.SDP}
}

func (d decision) String() string {
	return fmt.Sprintf("%s %s (%s, %s, held %t, %d bytes of SDP)", d.kind, d.typ, d.code, d.state, d.held, len(d.sdp))
}
