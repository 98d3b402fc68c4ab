package trace

import (
	"strconv"
	"strings"
	"time"

	"perfect-negotiation/negotiation/signaling/wire"
)

// Event is one entry of the trace: something happened or was decided. Programs decide
// by its values, and display its words.
type Event struct {
	N       uint64    // running number, from 1; 0: not numbered
	Time    time.Time // zero if it comes from a Negotiator without a Session
	Peer    string    // id of the remote peer, where the program has several
	Life    uint64    // number of the pairing with that peer, from 1; 0: there is none
	Role    wire.Role // our role; empty before it is known
	Kind    Kind      // what happened
	State   State     // signaling state after the event
	Held    bool      // in have-local-offer: the offer is sent, and not set yet
	Message Message   // message that the event is about
	Cause   uint64    // number of the event that caused it; 0: none, or unknown
	Code    Code      // reason, or the state reached
	Err     error     // what went wrong
	Next    time.Time // time of the next try; zero: there is none
	Detail  string    // reason or object in words; may be empty
	SDP     string    // of the description sent or received; else empty
}

// Message identifies a message between two peers; both sides use the same values. The
// zero Message means none.
type Message struct {
	Type    Type   // kind of content
	Session string // the sender's session, where there are sessions
	Seq     uint64 // its number in that session; without sessions its number among those sent or received, from 1
	Sent    bool   // sent by this side, not received
}

// Type is the kind of content of a message.
type Type string

// The types of messages.
const (
	Offer     Type = "offer"
	Answer    Type = "answer"
	Candidate Type = "candidate" // or the end of candidates
	Request   Type = "request"
)

// Short returns a short name of a message of this type for diagrams, such as o8 for
// offer 8; empty: the type has none.
func (t Type) Short(seq uint64) string {
	if t == "" {
		return ""
	}
	return string(t[:1]) + strconv.FormatUint(seq, 10)
}

// State is a signaling state.
// https://www.w3.org/TR/webrtc/#dom-rtcsignalingstate
type State string

// The signaling states that a negotiation can have.
const (
	Stable          State = "stable"
	HaveLocalOffer  State = "have-local-offer"
	HaveRemoteOffer State = "have-remote-offer"
	Closed          State = "closed"
)

// Level returns the level of the event's kind.
func (e Event) Level() Level { return words[e.Kind].level }

// String returns the log line, without time and level: "[POLITE] Sending Offer". It
// is always a single line, whatever Detail contains.
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
