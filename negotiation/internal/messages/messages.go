// Package messages encodes and decodes the signalling messages of two peers, in the form
// of the W3C sample: {"description":{"type","sdp"}} or {"candidate":{…}}.
package messages

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/pion/webrtc/v4"
	"github.com/valyala/fastjson"

	"perfect-negotiation/negotiation/internal/held"
	"perfect-negotiation/negotiation/internal/jsontext"
)

// ErrNeither means that a message has neither a description nor a candidate.
var ErrNeither = errors.New("negotiation: message has neither a description nor a candidate")

// Append appends a message: d or, if d is nil, c. If both are nil it is
// end-of-candidates.
func Append(b []byte, d *webrtc.SessionDescription, c *webrtc.ICECandidateInit) []byte {
	switch {
	case d != nil:
		b = jsontext.AppendField(append(b, `{"description":{`...), "type", d.Type.String())
		return append(jsontext.AppendField(b, "sdp", d.SDP), "}}"...)
	case c == nil:
		return append(b, `{"candidate":null}`...)
	}
	return append(AppendCandidate(append(b, `{"candidate":`...), *c), '}')
}

// AppendCandidate appends an RTCIceCandidateInit.
// https://www.w3.org/TR/webrtc/#dom-rtcicecandidateinit
func AppendCandidate(b []byte, c webrtc.ICECandidateInit) []byte {
	b = jsontext.AppendField(append(b, '{'), "candidate", c.Candidate)
	if c.SDPMid != nil {
		b = jsontext.AppendField(b, "sdpMid", *c.SDPMid)
	}
	if c.SDPMLineIndex != nil {
		b = strconv.AppendUint(jsontext.AppendName(b, "sdpMLineIndex"), uint64(*c.SDPMLineIndex), 10)
	}
	if c.UsernameFragment != nil {
		b = jsontext.AppendField(b, "usernameFragment", *c.UsernameFragment)
	}
	return append(b, '}')
}

// Decode returns the description or the candidate of a message, and ignores its other
// fields. Both are nil for end-of-candidates.
func Decode(message *fastjson.Value) (*webrtc.SessionDescription, *webrtc.ICECandidateInit, error) {
	description, candidate := message.Get("description"), message.Get("candidate")
	switch {
	case is(description, fastjson.TypeObject):
		d, err := decodeDescription(description)
		return d, nil, err
	case is(description, fastjson.TypeNull), description == nil:
	default:
		return nil, nil, errors.New("negotiation: the description is not an object")
	}
	switch {
	case candidate == nil:
		return nil, nil, ErrNeither
	case is(candidate, fastjson.TypeNull):
		return nil, nil, nil
	case is(candidate, fastjson.TypeObject):
		c, err := DecodeCandidate(candidate)
		return nil, c, err
	}
	return nil, nil, errors.New("negotiation: the candidate is not an object")
}

func decodeDescription(v *fastjson.Value) (*webrtc.SessionDescription, error) {
	if !is(v.Get("type"), fastjson.TypeString) || v.Exists("sdp") && !is(v.Get("sdp"), fastjson.TypeString) {
		return nil, errors.New("negotiation: the description's type and sdp are not strings")
	}
	name := string(v.GetStringBytes("type"))
	kind := webrtc.NewSDPType(name)
	if kind == webrtc.SDPTypeUnknown {
		return nil, fmt.Errorf("%w: %q is no type of description", held.ErrRefused, name)
	}
	return &webrtc.SessionDescription{Type: kind, SDP: string(v.GetStringBytes("sdp"))}, nil
}

// DecodeCandidate decodes an RTCIceCandidateInit.
func DecodeCandidate(v *fastjson.Value) (*webrtc.ICECandidateInit, error) {
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
			return nil, fmt.Errorf("negotiation: the candidate's %s is not a string", name)
		}
	}
	if index := v.Get("sdpMLineIndex"); index != nil && !is(index, fastjson.TypeNull) {
		n, err := index.Uint()
		if err != nil || n > 0xffff {
			return nil, errors.New("negotiation: the candidate's sdpMLineIndex is not a number from 0 to 65535")
		}
		line := uint16(n)
		c.SDPMLineIndex = &line
	}
	return c, nil
}

func is(v *fastjson.Value, t fastjson.Type) bool { return v != nil && v.Type() == t }
