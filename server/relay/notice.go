package relay

import (
	"encoding/json"

	"perfect-negotiation/negotiation/signaling/wire"
)

// notice is a message of the relay itself: one of these.
type notice struct {
	Welcome *wire.Welcome `json:"welcome,omitempty"`
	Joined  *wire.Member  `json:"joined,omitempty"`
	Left    *wire.Left    `json:"left,omitempty"`
	Error   *wire.Error   `json:"error,omitempty"`

	ICEServers *[]wire.ICEServer `json:"iceServers,omitempty"` // fresh ones
}

func (n notice) encode() []byte {
	text, err := json.Marshal(n)
	if err != nil {
		panic(err) // unreachable: it has only strings and numbers
	}
	return text
}
