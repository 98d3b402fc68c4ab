package negotiation

import (
	"encoding/json"
	"errors"

	"github.com/pion/webrtc/v4"
)

// ErrMessage is returned for JSON that holds neither a description nor a
// candidate.
var ErrMessage = errors.New("negotiation: message has neither a description nor a candidate")

// Message is what two peers tell each other, in the shape in which the W3C
// sample sends it: {"description":{"type","sdp"}} or {"candidate":{…}}.
//
// With a nil Description the message is about a candidate, and a nil Candidate
// then means end-of-candidates, which is {"candidate":null} on the wire.
type Message struct {
	Description *webrtc.SessionDescription
	Candidate   *webrtc.ICECandidateInit
}

// MarshalJSON encodes m as the W3C sample does.
func (m Message) MarshalJSON() ([]byte, error) {
	if m.Description != nil {
		return json.Marshal(struct {
			Description *webrtc.SessionDescription `json:"description"`
		}{m.Description})
	}
	return json.Marshal(struct {
		Candidate *webrtc.ICECandidateInit `json:"candidate"`
	}{m.Candidate})
}

// UnmarshalJSON decodes a description or a candidate and leaves other fields
// alone. It returns an error that wraps [ErrMessage] if neither is there.
func (m *Message) UnmarshalJSON(data []byte) error {
	var fields struct {
		Description *webrtc.SessionDescription `json:"description"`
		Candidate   json.RawMessage            `json:"candidate"`
	}
	if err := json.Unmarshal(data, &fields); err != nil {
		return err
	}
	*m = Message{Description: fields.Description}
	switch {
	case fields.Description != nil:
		return nil
	case fields.Candidate == nil:
		return ErrMessage
	}
	return json.Unmarshal(fields.Candidate, &m.Candidate)
}
