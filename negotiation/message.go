package negotiation

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/pion/webrtc/v4"
	"github.com/valyala/fastjson"

	"perfect-negotiation/negotiation/internal/jsontext"
	"perfect-negotiation/negotiation/trace"
)

// ErrMessage means that a JSON message has neither a description nor a candidate.
var ErrMessage = errors.New("negotiation: message has neither a description nor a candidate")

// Message is a signalling message between two peers, in the form of the W3C sample:
// {"description":{"type","sdp"}} or {"candidate":{…}}.
//
// If Description is nil, the message is about a candidate. If Candidate is nil, too,
// it is end-of-candidates, {"candidate":null} on the wire.
type Message struct {
	Description *webrtc.SessionDescription
	Candidate   *webrtc.ICECandidateInit

	// ID identifies the message in the trace; it is not sent. A received message
	// without an ID gets the next number.
	ID trace.Message
}

func (m Message) typ() trace.Type {
	if m.Description == nil {
		return trace.Candidate
	}
	return trace.Type(m.Description.Type.String())
}

// MarshalJSON encodes m as the W3C sample does.
func (m Message) MarshalJSON() ([]byte, error) {
	c := m.Candidate
	switch {
	case m.Description != nil:
		b := jsontext.AppendField([]byte(`{"description":{`), "type", m.Description.Type.String())
		b = jsontext.AppendField(b, "sdp", m.Description.SDP)
		return append(b, "}}"...), nil
	case c == nil:
		return []byte(`{"candidate":null}`), nil
	}
	b := jsontext.AppendField([]byte(`{"candidate":{`), "candidate", c.Candidate)
	if c.SDPMid != nil {
		b = jsontext.AppendField(b, "sdpMid", *c.SDPMid)
	}
	if c.SDPMLineIndex != nil {
		b = strconv.AppendUint(jsontext.AppendName(b, "sdpMLineIndex"), uint64(*c.SDPMLineIndex), 10)
	}
	if c.UsernameFragment != nil {
		b = jsontext.AppendField(b, "usernameFragment", *c.UsernameFragment)
	}
	return append(b, "}}"...), nil
}

// UnmarshalJSON decodes a description or a candidate and ignores other fields. It
// returns an error that wraps [ErrMessage] if neither is present, or [ErrRefused] if
// the type of the description is unknown.
func (m *Message) UnmarshalJSON(data []byte) error {
	message, err := fastjson.ParseBytes(data)
	if err != nil {
		return fmt.Errorf("negotiation: message: %w", err)
	}
	description, candidate := message.Get("description"), message.Get("candidate")
	switch {
	case is(description, fastjson.TypeObject):
		return m.description(description)
	case is(description, fastjson.TypeNull), description == nil:
	default:
		return errors.New("negotiation: the description is not an object")
	}
	switch {
	case candidate == nil:
		return ErrMessage
	case is(candidate, fastjson.TypeNull):
		*m = Message{}
		return nil
	case is(candidate, fastjson.TypeObject):
		return m.candidate(candidate)
	}
	return errors.New("negotiation: the candidate is not an object")
}

func (m *Message) description(v *fastjson.Value) error {
	if !is(v.Get("type"), fastjson.TypeString) || v.Exists("sdp") && !is(v.Get("sdp"), fastjson.TypeString) {
		return errors.New("negotiation: the description's type and sdp are not strings")
	}
	name := string(v.GetStringBytes("type"))
	kind := webrtc.NewSDPType(name)
	if kind == webrtc.SDPTypeUnknown {
		return fmt.Errorf("%w: %q is no type of description", ErrRefused, name)
	}
	*m = Message{Description: &webrtc.SessionDescription{Type: kind, SDP: string(v.GetStringBytes("sdp"))}}
	return nil
}

func (m *Message) candidate(v *fastjson.Value) error {
	c := &webrtc.ICECandidateInit{}
	for name, set := range map[string]func(string){
		"candidate":        func(s string) { c.Candidate = s },
		"sdpMid":           func(s string) { c.SDPMid = &s },
		"usernameFragment": func(s string) { c.UsernameFragment = &s },
	} {
		switch field := v.Get(name); {
		case field == nil, is(field, fastjson.TypeNull):
		case is(field, fastjson.TypeString):
			set(string(field.GetStringBytes()))
		default:
			return fmt.Errorf("negotiation: the candidate's %s is not a string", name)
		}
	}
	if index := v.Get("sdpMLineIndex"); index != nil && !is(index, fastjson.TypeNull) {
		n, err := index.Uint()
		if err != nil || n > 0xffff {
			return errors.New("negotiation: the candidate's sdpMLineIndex is not a number from 0 to 65535")
		}
		line := uint16(n)
		c.SDPMLineIndex = &line
	}
	*m = Message{Candidate: c}
	return nil
}

func is(v *fastjson.Value, t fastjson.Type) bool { return v != nil && v.Type() == t }
