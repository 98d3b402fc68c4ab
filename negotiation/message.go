package negotiation

import (
	"fmt"

	"github.com/pion/webrtc/v4"
	"github.com/valyala/fastjson"

	"perfect-negotiation/negotiation/internal/messages"
	"perfect-negotiation/negotiation/trace"
)

// ErrMessage means that a JSON message has neither a description nor a candidate.
var ErrMessage = messages.ErrNeither

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
	return messages.Append(nil, m.Description, m.Candidate), nil
}

// UnmarshalJSON decodes a description or a candidate and ignores other fields. It
// returns an error that wraps [ErrMessage] if neither is present, or [ErrRefused] if
// the type of the description is unknown.
func (m *Message) UnmarshalJSON(data []byte) error {
	v, err := fastjson.ParseBytes(data)
	if err != nil {
		return fmt.Errorf("negotiation: message: %w", err)
	}
	description, candidate, err := messages.Decode(v)
	if err != nil {
		return err
	}
	*m = Message{Description: description, Candidate: candidate}
	return nil
}
