package trace

import "errors"

// Code is the reason for an event or a decision, or the state that was reached. An
// event about the relay may have one of the codes of package wire instead.
type Code string

// Codes of a Negotiator and a Session.
const (
	AsPolite        Code = "polite"
	AsImpolite      Code = "impolite"
	NoOffer         Code = "no-offer"
	OfIgnoredOffer  Code = "of-ignored-offer"
	UnknownUfrag    Code = "unknown-ufrag"
	EndOfCandidates Code = "end-of-candidates"
	TooEarly        Code = "too-early"
	CannotOffer     Code = "cannot-offer"
	Superseded      Code = "superseded"
	AnswerRefused   Code = "answer-refused"
	SetByOthers     Code = "set-by-others"
	Wedged          Code = "wedged"
	NotSent         Code = "not-sent"
	CannotSend      Code = "cannot-send"
	NoAnswer        Code = "no-answer"
	TooManySources  Code = "too-many-sources"
	OldCredentials  Code = "old-credentials"
)

// Codes for faults of a remote description or candidate.
const (
	NotSDP            Code = "not-sdp"
	BadType           Code = "bad-type"
	BadSection        Code = "bad-section"
	BadMid            Code = "bad-mid"
	BadBundle         Code = "bad-bundle"
	BadTransport      Code = "bad-transport"
	BadSetup          Code = "bad-setup"
	BadExtension      Code = "bad-extension"
	BadCodecs         Code = "bad-codecs"
	BadEncryption     Code = "bad-encryption"
	BadCandidate      Code = "bad-candidate"
	BadAddress        Code = "bad-address"
	BadPort           Code = "bad-port"
	TooManyCandidates Code = "too-many-candidates"
	TooManyNames      Code = "too-many-names"
	OfferMismatch     Code = "offer-mismatch"
	AnswerMismatch    Code = "answer-mismatch"
	PlanB             Code = "plan-b"
	NotBundled        Code = "not-bundled"
	NoCommonCodec     Code = "no-common-codec"
	PayloadTypeMoved  Code = "payload-type-moved"
	PayloadRenumbered Code = "payload-renumbered"
	AllRejected       Code = "all-rejected"
	NotTaken          Code = "not-taken"
)

// Codes of a Peer.
const (
	Stale           Code = "stale"
	Repeated        Code = "repeated"
	Gap             Code = "gap"
	Absurd          Code = "absurd"
	Hasty           Code = "hasty"
	BadMessage      Code = "bad-message"
	NewSession      Code = "new-session"
	OtherLeft       Code = "other-left"
	OtherHungUp     Code = "other-hung-up"
	NewConnection   Code = "new-connection"
	DataEnded       Code = "data-ended"
	OtherGone       Code = "other-gone"
	OtherVersion    Code = "other-version"
	OtherAsks       Code = "other-asks"
	OfferAsked      Code = "offer-asked"
	NextOffer       Code = "next-offer"
	Waits           Code = "waits"
	ToCollide       Code = "to-collide"
	NoOfferCame     Code = "no-offer-came"
	NotStable       Code = "not-stable"
	Unreachable     Code = "unreachable"
	PairingEnded    Code = "pairing-ended"
	TooFast         Code = "too-fast"
	TooManyChannels Code = "too-many-channels"
	Unacknowledged  Code = "unacknowledged"
	TooLarge        Code = "too-large"
	NotBound        Code = "not-bound"
	CannotPair      Code = "cannot-pair"
	CannotConnect   Code = "cannot-connect"
	OfferNotTaken   Code = "offer-not-taken"
	RestartsInVain  Code = "restarts-in-vain"
	SameRole        Code = "same-role"
	NoRole          Code = "no-role"
	Nobody          Code = "nobody"
)

// reasons are the words for each code.
var reasons = map[Code]string{
	AsPolite:        "a polite peer takes its own offer back",
	AsImpolite:      "an impolite peer ignores the other's offer",
	NoOffer:         "no offer of ours is pending",
	OfIgnoredOffer:  "it belongs to an offer that was ignored",
	UnknownUfrag:    "it belongs to a description that is not applied",
	EndOfCandidates: "the end of candidates cannot be applied",
	TooEarly:        "too many candidates came before any description",
	CannotOffer:     "the connection makes no offer",
	Superseded:      "the application created another offer",
	AnswerRefused:   "the answer was refused",
	SetByOthers:     "somebody else set a description",
	Wedged:          "the connection cannot come back to stable",
	NotSent:         "it cannot be sent",
	CannotSend:      "a message for the other side cannot be sent",
	NoAnswer:        "the other side has not answered",
	OldCredentials:  "its answer has the ICE credentials from before",
	TooManySources:  "the other side sends media from too many sources",

	NotSDP:            "it is not SDP",
	BadType:           "it is neither an offer nor an answer",
	BadSection:        "a media section cannot be read",
	BadMid:            "a mid is missing or not unique",
	BadBundle:         "the BUNDLE group names a section that is not there",
	BadTransport:      "ICE credentials or a fingerprint cannot be used",
	BadSetup:          "the DTLS role cannot be used",
	BadExtension:      "a header extension cannot be read",
	BadCodecs:         "the codecs cannot be read",
	BadEncryption:     "headers are encrypted in some sections, or not as required",
	BadCandidate:      "a candidate cannot be used",
	BadAddress:        "an address of the other side is not used",
	BadPort:           "a port of the other side is not used",
	TooManyCandidates: "there are too many candidates",
	TooManyNames:      "there are too many candidates with a name",
	OfferMismatch:     "the offer does not continue what was negotiated",
	AnswerMismatch:    "the answer does not fit the offer",
	PlanB:             "a media section has several tracks",
	NotBundled:        "a media section is not in the BUNDLE group",
	NoCommonCodec:     "a media section has no codec in common with ours",
	PayloadTypeMoved:  "a payload type means another codec",
	PayloadRenumbered: "a codec has another payload type than it is sent with",
	AllRejected:       "the answer rejects what cannot be taken back",
	NotTaken:          "the connection does not take it",

	Stale:           "of another session",
	Repeated:        "it came before",
	Gap:             "one before it is missing",
	Absurd:          "its numbers cannot be",
	Hasty:           "a session began a moment ago",
	BadMessage:      "the message cannot be read",
	NewSession:      "the other side began a new session",
	OtherLeft:       "the other side left",
	OtherHungUp:     "the other side closed the connection",
	DataEnded:       "nothing carries data channels any more",
	NewConnection:   "the other side calls with a new connection",
	OtherGone:       "the other side is gone",
	OtherVersion:    "the other side has another version now",
	OtherAsks:       "the other side asks for it",
	OfferAsked:      "the other side is asked for an offer, and ours will cross it",
	NextOffer:       "the next offer that comes will meet one of ours",
	Waits:           "it waits until the relay reaches the other side",
	ToCollide:       "it is to cross an offer of the other side",
	NoOfferCame:     "the other side made no offer",
	NotStable:       "an exchange that is under way does not end",
	Unreachable:     "the relay does not reach the other side",
	PairingEnded:    "the pairing has ended",
	TooFast:         "the other side sends too fast",
	TooManyChannels: "the other side opens too many data channels",
	Unacknowledged:  "the other side acknowledges nothing",
	TooLarge:        "the relay would not take it",
	NotBound:        "no session of the other side is known",
	CannotPair:      "a connection cannot be made",
	CannotConnect:   "connections fail in a row",
	OfferNotTaken:   "an offer was refused, and no other came",
	RestartsInVain:  "ICE restarts did not help",
	SameRole:        "both peers ask for the same role",
	NoRole:          "it states neither role nor rank",
	Nobody:          "nobody is connected",
}

// Words returns the meaning of a code in words; empty: the code is unknown.
func (c Code) Words() string { return reasons[c] }

// Because returns err with a code attached, see [CodeOf]; nil if err is nil.
func Because(code Code, err error) error {
	if err == nil {
		return nil
	}
	return &coded{err, code}
}

// CodeOf returns the code of an error or of one that it wraps; empty: there is none.
func CodeOf(err error) Code {
	var c *coded
	if errors.As(err, &c) {
		return c.code
	}
	return ""
}

type coded struct {
	error
	code Code
}

func (c *coded) Unwrap() error { return c.error }
