package relay

import (
	"encoding/json"

	"perfect-negotiation/negotiation/signaling"
)

// notice is what the relay itself says: one of these.
type notice struct {
	Welcome *signaling.Welcome `json:"welcome,omitempty"`
	Joined  *signaling.Member  `json:"joined,omitempty"`
	Left    *signaling.Left    `json:"left,omitempty"`
	Error   *signaling.Error   `json:"error,omitempty"`
}

func (n notice) encode() []byte {
	text, err := json.Marshal(n)
	if err != nil {
		panic(err) // unreachable: there are only texts and numbers in it
	}
	return text
}
