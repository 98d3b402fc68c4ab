package wire

// Limits of a frame.
const (
	MaxFrame = 64 << 10 // bytes; the largest that the relay takes
	MaxDepth = 64       // of objects and arrays in it: the parsers of receivers may be recursive
)

// The requests of one peer to another.
const (
	RequestOffer   = "offer"   // for an offer
	RequestRestart = "restart" // for one that restarts ICE
)

// Welcome is the relay's first message.
type Welcome struct {
	ID         string      `json:"id"`
	Room       string      `json:"room"`
	Peers      []Member    `json:"peers"`
	ICEServers []ICEServer `json:"iceServers"`
	Protocol   int         `json:"protocol"` // absent: FirstProtocol
}

// ICEServer is the W3C RTCIceServer dictionary.
type ICEServer struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username,omitempty"`
	Credential string   `json:"credential,omitempty"`
}

// Member is a peer in a room, as the relay tells it to the others.
type Member struct {
	ID   string `json:"id"`
	Role Role   `json:"role,omitempty"` // asked for explicitly, else empty
	Rank *int   `json:"rank,omitempty"` // nil: a plain page
}

// Left tells that a peer's connection to the relay is gone.
type Left struct {
	ID string `json:"id"`
}

// Error is what the relay refuses, in words for the one who reads it.
type Error struct {
	Code    string `json:"code"` // for programs to decide on
	Message string `json:"message"`
}

// Error returns the message.
func (e *Error) Error() string { return "relay: " + e.Message }

// Hello is what two peers that speak sessions tell each other when they meet.
type Hello struct {
	Source   string `json:"source"`            // negotiation.Source of the sender
	Version  string `json:"version,omitempty"` // for people, never compared
	Protocol int    `json:"protocol"`          // absent: FirstProtocol
}
