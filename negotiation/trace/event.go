package trace

import (
	"strconv"
	"strings"
	"time"

	"perfect-negotiation/negotiation/signaling/wire"
)

// Event is one entry of the trace: something happened or was decided. Programs decide
// on its values, and show its words.
type Event struct {
	N       uint64    // a running number, from 1; 0: it is not counted
	Time    time.Time // zero from a bare Negotiator
	Peer    string    // the remote peer's id, where the program has several
	Life    uint64    // the number of the pairing with that peer, from 1; 0: there is none
	Role    wire.Role // ours; empty before it is known
	Kind    Kind      // what happened
	State   State     // the signaling state after it
	Held    bool      // in have-local-offer: the offer is sent, and not set yet
	Message Message   // what it is about
	Cause   uint64    // the number of the event that led to it; 0: none, or it is not known
	Code    Code      // why, or what it became
	Err     error     // what went wrong
	Next    time.Time // when it is tried again; zero: it is not
	Detail  string    // why, or about what, in words; may be empty
	SDP     string    // of the description that is sent or has come; else empty
}

// Message is the identity of a message between two peers: both sides know one by the
// same values. The zero Message is none.
type Message struct {
	Type    Type   // what it holds
	Session string // the sender's session, where there are sessions
	Seq     uint64 // its number there; else of those that came, or were sent, from 1
	Sent    bool   // by this side
}

// Type is what a message holds.
type Type string

// The types.
const (
	Offer     Type = "offer"
	Answer    Type = "answer"
	Candidate Type = "candidate" // or the end of candidates
	Request   Type = "request"
)

// Short returns the name of a message of this type in drawings, such as o8 for offer 8;
// empty: there is none.
func (t Type) Short(seq uint64) string {
	if t == "" {
		return ""
	}
	return string(t[:1]) + strconv.FormatUint(seq, 10)
}

// State is a signaling state.
// https://www.w3.org/TR/webrtc/#dom-rtcsignalingstate
type State string

// The states in which a negotiation can be.
const (
	Stable          State = "stable"
	HaveLocalOffer  State = "have-local-offer"
	HaveRemoteOffer State = "have-remote-offer"
	Closed          State = "closed"
)

// Level returns the level of the event's kind.
func (e Event) Level() Level { return words[e.Kind].level }

// String returns the log line, without time and level:
// "[POLITE] Sending Offer". It is one line whatever the detail holds.
func (e Event) String() string {
	var b strings.Builder
	if e.Role != "" {
		b.WriteString("[" + strings.ToUpper(string(e.Role)) + "] ")
	}
	text, detail := words[e.Kind].text, Printable(e.Detail)
	before, after, found := strings.Cut(text, "%s")
	switch {
	case found:
		b.WriteString(before + detail + after)
	case detail == "":
		b.WriteString(text)
	default:
		b.WriteString(text + ": " + detail)
	}
	return b.String()
}
