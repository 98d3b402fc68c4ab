package negotiation

import (
	"perfect-negotiation/negotiation/internal/held"
	"perfect-negotiation/negotiation/trace"
)

// WithInputs reports every input of the negotiation to f, on the Session's goroutine
// and in order with the events that it causes. From inputs, package replay repeats
// the decisions. f must not block and must not call Do or Negotiated.
func WithInputs(f func(trace.Input)) Option { return func(s *Session) { s.record = f } }

// begins records the state in which a recording begins.
func (s *Session) begins(role Role) {
	if s.record != nil {
		s.record(trace.Input{Call: trace.Begins, Type: trace.Type(role), Yes: s.n.begun, State: trace.State(s.pc.SignalingState().String())})
	}
}

// call calls f, a method of the Negotiator, and records the call.
func (s *Session) call(name trace.Call, f func() error) error {
	if s.record == nil {
		return f()
	}
	return s.recorded(trace.Input{Call: name}, f)
}

func (s *Session) recorded(in trace.Input, f func() error) error {
	s.record(in)
	err := f()
	s.record(held.Note(trace.Input{Call: trace.Returns}, err))
	return err
}

// hand passes a message to the Negotiator, and records it.
func (s *Session) hand(m Message) error {
	if s.record == nil {
		return s.n.Receive(m)
	}
	in := trace.Input{Call: trace.ReceivesEnd}
	switch {
	case m.Description != nil:
		in = trace.Input{Call: trace.Receives, Type: m.typ(), SDP: m.Description.SDP}
	case m.Candidate != nil:
		in = trace.Input{Call: trace.ReceivesICE, Candidate: m.Candidate.Candidate}
		if m.Candidate.UsernameFragment != nil {
			in.Ufrag = *m.Candidate.UsernameFragment
		}
	}
	return s.recorded(in, func() error { return s.n.Receive(m) })
}

// needed reports whether an offer is needed, and records it.
func (s *Session) needed() bool {
	if s.record == nil {
		return s.pc.Needed()
	}
	s.record(trace.Input{Call: trace.LooksUp})
	yes := s.pc.Needed()
	s.record(trace.Input{Call: trace.Returns, Yes: yes})
	return yes
}

// admit returns why a candidate is not used, and records it.
func (s *Session) admit(candidate string) error {
	err := s.rules.admit(candidate)
	if s.record != nil {
		s.record(held.Note(trace.Input{Call: trace.AdmitsOne}, err))
	}
	return err
}
