package wire

// Limits of a frame.
const (
	MaxFrame = 64 << 10 // bytes; the relay refuses more
	MaxDepth = 64       // of nested objects and arrays: receivers may have recursive parsers
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
	Role       Role        `json:"role,omitempty"` // the one that the peer has: what it asked for, or what its token gives
	Peers      []Member    `json:"peers"`
	ICEServers []ICEServer `json:"iceServers"`
	Protocol   int         `json:"protocol"`          // absent: FirstProtocol
	Version    string      `json:"version,omitempty"` // of the relay's program, for people, never compared
	Ticket     string      `json:"ticket,omitempty"`  // to be shown when the peer comes back; secret; obeys TokenRule
}

// ICEServer is the W3C RTCIceServer dictionary.
type ICEServer struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username,omitempty"`
	Credential string   `json:"credential,omitempty"`
}

// Member is a peer in a room, as the relay announces it.
type Member struct {
	ID   string `json:"id"`
	Role Role   `json:"role,omitempty"` // asked for explicitly, else empty
	Rank *int   `json:"rank,omitempty"` // nil: a plain page
}

// Left says that a peer's connection to the relay is gone.
type Left struct {
	ID string `json:"id"`
}

// Error says what the relay refuses, and why.
type Error struct {
	Code    string `json:"code"` // for programs to decide on
	Message string `json:"message"`

	// RetryAfter is when the client may come back, in seconds, as the relay spreads
	// those that it puts out; 0: when it likes.
	RetryAfter float64 `json:"retryAfter,omitempty"`
}

// Error returns the message.
func (e *Error) Error() string { return "relay: " + e.Message }

// Refused says which of our offers a peer does not take, and why. It is not answered.
type Refused struct {
	Code    string `json:"code"` // of package trace
	Message string `json:"message"`
}

// Hello is the greeting of a peer that speaks sessions.
type Hello struct {
	Source   string `json:"source"`            // negotiation.Source of the sender
	Version  string `json:"version,omitempty"` // for people, never compared
	Protocol int    `json:"protocol"`          // absent: FirstProtocol
	Trace    bool   `json:"trace,omitempty"`   // it takes our trace of the pairing, and tells its own
}
