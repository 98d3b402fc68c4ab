package trace

import (
	"fmt"
	"unicode/utf8"

	"github.com/valyala/fastjson"

	"perfect-negotiation/negotiation/internal/jsontext"
)

// Input is one input of a negotiation: a call of the Negotiator, or a call to the
// connection under it and its result. From all inputs the same decisions can be made
// again. A Session reports them in order with the events that they cause.
type Input struct {
	Peer string // id of the remote peer, where the program has several
	Life uint64 // number of the pairing with that peer
	Call Call

	Type      Type   // of the description
	SDP       string // of the description received or created
	Candidate string // candidate received
	Ufrag     string // usernameFragment of the candidate
	State     State  // signaling state of the connection itself, after the call
	Yes       bool   // result, or whether a new offer restarts ICE
	Wants     []Want // result of Wants
	Err       string // what went wrong, in words
	Class     string // class of the error; empty, with Err: no decision depends on it
	Code      Code   // code of the error
}

// Want is something that the connection wants to negotiate.
type Want struct{ Mid, Kind, What string }

// Call names the method called.
type Call string

// Calls of the Negotiator, and their results.
const (
	Begins       Call = "begin" // Type is the role; Yes: the connection had negotiated before
	Receives     Call = "receive"
	ReceivesICE  Call = "candidate"
	ReceivesEnd  Call = "end-of-candidates"
	Renegotiates Call = "renegotiate"
	RestartsICE  Call = "restart"
	LooksUp      Call = "needed"
	Offers       Call = "offer"
	Retries      Call = "retry"
	Returns      Call = "return"
)

// Calls to the connection under it, with their results.
const (
	Moves         Call = "pc.moves" // Yes: it makes a new transport when the section that carries it ends
	Names         Call = "pc.name-sections"
	CreatesOffer  Call = "pc.create-offer"
	CreatesAnswer Call = "pc.create-answer"
	SetsLocal     Call = "pc.set-local"
	Looks         Call = "pc.look" // Yes: there is nothing to apply
	Applies       Call = "pc.apply"
	AddsCandidate Call = "pc.add-candidate"
	CommitsOffer  Call = "pc.commits"
	HasWants      Call = "pc.wants"
	HasSuperseded Call = "pc.superseded"
	AdmitsOne     Call = "pc.admit"
	StateIs       Call = "pc.state" // the state has changed by itself
)

// Append appends the input to dst as a line of JSON with "pn":"input", without a newline.
// Its fields are call, peer, life, type, sdp, candidate, ufrag, state, yes, wants (each
// with mid, kind and what), err, class and why.
func (in Input) Append(dst []byte) []byte {
	dst = append(dst, `{"pn":"input"`...)
	dst = appendText(dst, `,"call":`, string(in.Call))
	dst = appendText(dst, `,"peer":`, in.Peer)
	dst = appendNumber(dst, `,"life":`, in.Life)
	dst = appendText(dst, `,"type":`, string(in.Type))
	dst = appendText(dst, `,"state":`, string(in.State))
	dst = appendTrue(dst, `,"yes":`, in.Yes)
	for i, w := range in.Wants {
		if i == 0 {
			dst = append(dst, `,"wants":[`...)
		} else {
			dst = append(dst, ',')
		}
		dst = append(dst, '[')
		dst = append(jsontext.AppendString(dst, w.Mid), ',')
		dst = append(jsontext.AppendString(dst, w.Kind), ',')
		dst = append(jsontext.AppendString(dst, w.What), ']')
		if i == len(in.Wants)-1 {
			dst = append(dst, ']')
		}
	}
	dst = appendText(dst, `,"err":`, in.Err)
	dst = appendText(dst, `,"class":`, in.Class)
	dst = appendText(dst, `,"why":`, string(in.Code))
	dst = appendText(dst, `,"candidate":`, in.Candidate)
	dst = appendText(dst, `,"ufrag":`, in.Ufrag)
	dst = appendText(dst, `,"sdp":`, in.SDP)
	return append(dst, '}')
}

// ParseInput parses what [Input.Append] has written, as strictly as [ParseLine].
func ParseInput(data []byte) (Input, error) {
	if len(data) > MaxLine || !utf8.Valid(data) {
		return Input{}, fmt.Errorf("%w: it is too long, or not UTF-8", ErrLine)
	}
	v, err := fastjson.ParseBytes(data)
	if err != nil {
		return Input{}, fmt.Errorf("%w: %w", ErrLine, err)
	}
	if v.Type() != fastjson.TypeObject || string(v.GetStringBytes("pn")) != "input" {
		return Input{}, fmt.Errorf("%w, nor an input", ErrLine)
	}
	r := reader{v: v}
	in := Input{
		Call: Call(r.name("call")), Peer: r.name("peer"), Life: r.number("life"), Type: Type(r.name("type")),
		State: State(r.name("state")), Yes: r.truth("yes"), Err: r.text("err"), Class: r.name("class"), Code: Code(r.name("why")),
		Candidate: r.text("candidate"), Ufrag: r.text("ufrag"), SDP: r.text("sdp"),
	}
	for _, w := range v.GetArray("wants") {
		words := w.GetArray()
		if len(words) != 3 {
			r.bad = "wants"
			break
		}
		in.Wants = append(in.Wants, Want{string(words[0].GetStringBytes()), string(words[1].GetStringBytes()), string(words[2].GetStringBytes())})
	}
	if in.Call == "" {
		r.bad = "call"
	}
	if r.bad != "" {
		return Input{}, fmt.Errorf("%w: its %s cannot be", ErrLine, r.bad)
	}
	return in, nil
}
