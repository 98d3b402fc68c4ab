package wire

// MaxFrame is the largest frame, in bytes, that the relay takes and passes on.
const MaxFrame = 64 << 10

// Subprotocol is the WebSocket subprotocol that the relay selects, and
// KeyPrefix that of the one that carries the client's key.
const (
	Subprotocol = "pn"
	KeyPrefix   = "pn.key."
)

// The roles that a client may ask the relay for.
const (
	RolePolite   = "polite"
	RoleImpolite = "impolite"

	// RequestOffer asks for an offer, RequestRestart for one that restarts ICE.
	RequestOffer   = "offer"
	RequestRestart = "restart"
)

// Codes of an [Error]. The relay closes the connection after all of them but
// CodeNotFound and CodeBadMessage.
const (
	CodeBadRoom    = "bad-room"    // room name empty, too long or with control characters
	CodeBadRole    = "bad-role"    // neither polite nor impolite
	CodeBadRank    = "bad-rank"    // not a whole number from 0 to 1000
	CodeBadKey     = "bad-key"     // not 22 to 64 characters of base64url
	CodeRoleTaken  = "role-taken"  // another peer has this role in the room
	CodeRoomFull   = "room-full"   // the room has as many peers as it may
	CodeReplaced   = "replaced"    // the same key connected again; final
	CodeTooLarge   = "too-large"   // a frame over MaxFrame
	CodeBadMessage = "bad-message" // not one JSON object in valid UTF-8, or not for peers to say
	CodeNotFound   = "not-found"   // nobody with the id in "to" is in the room
	CodeSlow       = "slow"        // the client reads too slowly; its queue overflowed
	CodeShutdown   = "shutdown"    // the relay is going down; connect again
)

// Welcome is the relay's first message.
type Welcome struct {
	ID         string      `json:"id"`
	Room       string      `json:"room"`
	Peers      []Member    `json:"peers"`
	ICEServers []ICEServer `json:"iceServers"`
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
	Role string `json:"role,omitempty"` // asked for explicitly, else empty
	Rank *int   `json:"rank,omitempty"` // nil: a plain page
}

// Left tells that a peer's connection to the relay is gone.
type Left struct {
	ID string `json:"id"`
}

// Error is what the relay refuses, in words for the one who reads it.
type Error struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Error returns the message.
func (e *Error) Error() string { return "relay: " + e.Message }

// Hello is what two peers that speak sessions tell each other when they meet.
type Hello struct {
	Source  string `json:"source"`            // negotiation.Source() of the sender
	Version string `json:"version,omitempty"` // for people, never compared
}
