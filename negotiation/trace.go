package negotiation

import (
	"strings"
	"time"

	"github.com/pion/webrtc/v4"
)

// Event is one entry of the trace: something happened or was decided.
// The trace is the only source for what a program prints of a negotiation.
type Event struct {
	Time   time.Time             // set by [Session]; zero from a bare [Negotiator]
	Peer   string                // the remote peer's id, where the program has several
	Role   string                // "polite" or "impolite", empty before it is known
	Kind   Kind                  // what happened
	State  webrtc.SignalingState // the signaling state after it
	Detail string                // why, or about what, in words; may be empty
	Code   string                // why, for programs to decide on; empty if there is none
}

// Kind names what happened. Packages on top of this one define further kinds.
type Kind string

// The kinds that a [Negotiator] and a [Session] report.
const (
	NegotiationNeeded  Kind = "negotiation-needed"
	Renegotiate        Kind = "renegotiate"
	Restart            Kind = "restart"
	OfferSending       Kind = "offer-sending"
	OfferReceived      Kind = "offer-received"
	CollisionRollback  Kind = "collision-rollback"
	CollisionIgnored   Kind = "collision-ignored"
	AnswerCreating     Kind = "answer-creating"
	AnswerSending      Kind = "answer-sending"
	AnswerReceived     Kind = "answer-received"
	AnswerDropped      Kind = "answer-dropped"
	DescriptionRefused Kind = "description-refused"
	CandidateIgnored   Kind = "candidate-ignored"
	CandidateRefused   Kind = "candidate-refused"
	StateChanged       Kind = "state-changed"
	OfferFailed        Kind = "offer-failed"
	SendFailed         Kind = "send-failed" // natively, of a track
	Failed             Kind = "failed"
)

// Level says how much attention an event wants.
type Level string

// The levels, in rising order.
const (
	LevelDebug Level = "debug"
	LevelInfo  Level = "info"
	LevelWarn  Level = "warn"
	LevelError Level = "error"
)

// Words is what a log says for a kind. A %s in the text stands for the event's
// detail, which otherwise follows the text.
type Words struct {
	Level Level
	Text  string
}

var words = map[Kind]Words{
	NegotiationNeeded:  {LevelInfo, "Negotiation needed"},
	Renegotiate:        {LevelInfo, "Renegotiation requested"},
	Restart:            {LevelInfo, "ICE restart requested"},
	OfferSending:       {LevelInfo, "Sending Offer"},
	OfferReceived:      {LevelInfo, "Received remote Offer description"},
	CollisionRollback:  {LevelInfo, "Collision detected, rolling back local offer"},
	CollisionIgnored:   {LevelInfo, "Ignoring remote offer due to collision (impolite)"},
	AnswerCreating:     {LevelInfo, "Creating answer"},
	AnswerSending:      {LevelInfo, "Sending Answer"},
	AnswerReceived:     {LevelInfo, "Received remote Answer description"},
	AnswerDropped:      {LevelWarn, "Dropping an answer without an offer"},
	DescriptionRefused: {LevelWarn, "Refused a remote description"},
	CandidateIgnored:   {LevelDebug, "Ignoring a candidate of a description that is not applied"},
	CandidateRefused:   {LevelWarn, "Refused a remote candidate"},
	StateChanged:       {LevelDebug, "Signaling state"},
	OfferFailed:        {LevelWarn, "An offer failed, trying again"},
	SendFailed:         {LevelWarn, "Cannot send a track"},
	Failed:             {LevelError, "Negotiation cannot go on"},
}

// Describe adds the words for the kinds of another package. It is meant for
// package initialisation and is not safe for concurrent use.
func Describe(more map[Kind]Words) {
	for kind, w := range more {
		words[kind] = w
	}
}

// Level returns the level of the event's kind.
func (e Event) Level() Level { return words[e.Kind].Level }

// String returns the log line, without time and level:
// "[POLITE] Sending Offer". It is one line whatever the detail holds.
func (e Event) String() string {
	var b strings.Builder
	if e.Role != "" {
		b.WriteString("[" + strings.ToUpper(e.Role) + "] ")
	}
	text, detail := words[e.Kind].Text, Printable(e.Detail)
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
