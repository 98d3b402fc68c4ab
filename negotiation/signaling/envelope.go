package signaling

import (
	"fmt"
	"math"
	"strconv"

	"github.com/valyala/fastjson"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/internal/jsontext"
	"perfect-negotiation/negotiation/internal/messages"
	"perfect-negotiation/negotiation/signaling/link"
	"perfect-negotiation/negotiation/signaling/wire"
)

// Envelope is one frame. The first five fields are the relay's, the others
// travel between peers.
type Envelope struct {
	Welcome    *wire.Welcome
	Joined     *wire.Member
	Left       *wire.Left
	ICEServers []wire.ICEServer // nil: absent
	Error      *wire.Error

	To, From    string
	Session     string // "s" on the wire: the sender's
	PeerSession string // "r" on the wire: the receiver's session
	Bound       bool   // "ack" is present
	Ack, Seq    uint64
	Hello       *wire.Hello
	Bye         bool
	Refused     *wire.Refused
	Request     string // RequestOffer, RequestRestart, or one that this version does not know

	// Message is the description or candidate; nil: neither, or BadMessage says
	// what is wrong with it.
	Message    *negotiation.Message
	BadMessage error
}

// MarshalJSON encodes the fields that travel between peers.
func (e Envelope) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for _, field := range []struct{ name, value string }{
		{"to", e.To}, {"from", e.From}, {"s", e.Session}, {"r", e.PeerSession}, {"request", e.Request},
	} {
		if field.value != "" {
			b = jsontext.AppendField(b, field.name, field.value)
		}
	}
	if e.Seq > 0 {
		b = strconv.AppendUint(jsontext.AppendName(b, "seq"), e.Seq, 10)
	}
	if e.Bound {
		b = strconv.AppendUint(jsontext.AppendName(b, "ack"), e.Ack, 10)
	}
	if e.Hello != nil {
		b = append(jsontext.AppendName(b, "hello"), '{')
		b = jsontext.AppendField(b, "source", e.Hello.Source)
		b = jsontext.AppendField(b, "version", e.Hello.Version)
		b = strconv.AppendInt(jsontext.AppendName(b, "protocol"), int64(e.Hello.Protocol), 10)
		if e.Hello.Trace {
			b = append(jsontext.AppendName(b, "trace"), "true"...)
		}
		b = append(b, '}')
	}
	if e.Bye {
		b = append(jsontext.AppendName(b, "bye"), "true"...)
	}
	if e.Refused != nil {
		b = append(jsontext.AppendName(b, "refused"), '{')
		b = jsontext.AppendField(b, "code", e.Refused.Code)
		b = append(jsontext.AppendField(b, "message", e.Refused.Message), '}')
	}
	if e.Message == nil {
		return append(b, '}'), nil
	}
	// Two objects become one: {…} and {…} are {…,…}.
	n := len(b)
	b = messages.Append(b, e.Message.Description, e.Message.Candidate)
	if n == 1 {
		return b[1:], nil
	}
	b[n] = ','
	return b, nil
}

// UnmarshalJSON decodes a frame. Unknown fields, and fields of the wrong type,
// count as absent.
func (e *Envelope) UnmarshalJSON(data []byte) error {
	frame, err := fastjson.ParseBytes(data)
	if err != nil {
		return fmt.Errorf("signaling: frame: %w", err)
	}
	*e = Envelope{
		To:          str(frame, "to"),
		From:        str(frame, "from"),
		Session:     str(frame, "s"),
		PeerSession: str(frame, "r"),
		Bound:       frame.Exists("ack"),
		Ack:         number(frame, "ack"),
		Seq:         number(frame, "seq"),
		Bye:         frame.GetBool("bye"),
		Request:     str(frame, "request"),
	}
	if v := object(frame, "welcome"); v != nil {
		e.Welcome = welcome(v)
	}
	if v := object(frame, "joined"); v != nil {
		joined := member(v)
		e.Joined = &joined
	}
	if v := object(frame, "left"); v != nil {
		e.Left = &wire.Left{ID: str(v, "id")}
	}
	e.ICEServers = iceServers(frame)
	if v := object(frame, "error"); v != nil {
		e.Error = &wire.Error{Code: str(v, "code"), Message: str(v, "message"), RetryAfter: v.GetFloat64("retryAfter")}
	}
	if v := object(frame, "hello"); v != nil {
		e.Hello = &wire.Hello{Source: str(v, "source"), Version: str(v, "version"), Protocol: protocol(v), Trace: v.GetBool("trace")}
	}
	if v := object(frame, "refused"); v != nil {
		e.Refused = &wire.Refused{Code: str(v, "code"), Message: str(v, "message")}
	}
	if frame.Exists("description") || frame.Exists("candidate") {
		description, candidate, err := messages.Decode(frame)
		if e.BadMessage = err; err == nil {
			e.Message = &negotiation.Message{Description: description, Candidate: candidate}
		}
	}
	return nil
}

// Frame returns the envelope as a frame of the link.
func (e Envelope) Frame() link.Frame[Envelope] {
	return link.Frame[Envelope]{
		Session: e.Session, PeerSession: e.PeerSession, Hello: e.Hello != nil, Bound: e.Bound, Ack: e.Ack, Seq: e.Seq,
		Message: e,
	}
}

// Framed returns the envelope for a frame of the link. A greeting carries
// hello.
func Framed(f link.Frame[Envelope], hello wire.Hello) Envelope {
	e := f.Message
	e.Session, e.PeerSession, e.Bound, e.Ack, e.Seq = f.Session, f.PeerSession, f.Bound, f.Ack, f.Seq
	if f.Hello {
		e.Hello = &hello
	}
	return e
}

func welcome(v *fastjson.Value) *wire.Welcome {
	w := &wire.Welcome{ID: str(v, "id"), Room: str(v, "room"), Role: wire.Role(str(v, "role")), Protocol: protocol(v), Version: str(v, "version"), Ticket: str(v, "ticket")}
	for _, peer := range v.GetArray("peers") {
		w.Peers = append(w.Peers, member(peer))
	}
	w.ICEServers = iceServers(v)
	return w
}

// iceServers returns the ICE servers in an object, or nil if there is no such list.
func iceServers(v *fastjson.Value) []wire.ICEServer {
	if v = v.Get("iceServers"); v == nil || v.Type() != fastjson.TypeArray {
		return nil
	}
	list := []wire.ICEServer{}
	for _, s := range v.GetArray() {
		server := wire.ICEServer{Username: str(s, "username"), Credential: str(s, "credential")}
		for _, url := range s.GetArray("urls") {
			server.URLs = append(server.URLs, string(url.GetStringBytes()))
		}
		list = append(list, server)
	}
	return list
}

func member(v *fastjson.Value) wire.Member {
	m := wire.Member{ID: str(v, "id"), Role: wire.Role(str(v, "role"))}
	if v.Exists("rank") {
		rank := v.GetInt("rank")
		m.Rank = &rank
	}
	return m
}

func str(v *fastjson.Value, name string) string { return string(v.GetStringBytes(name)) }

// number returns a field that must be a whole number from 0: 0 if it is absent,
// and for anything else math.MaxUint64, which no valid frame has.
func number(v *fastjson.Value, name string) uint64 {
	if v = v.Get(name); v == nil {
		return 0
	}
	n, err := v.Uint64()
	if err != nil {
		return math.MaxUint64
	}
	return n
}

// protocol returns the protocol number that a peer or the relay states.
func protocol(v *fastjson.Value) int {
	if v = v.Get("protocol"); v == nil {
		return wire.FirstProtocol
	}
	n, err := v.Int()
	if err != nil {
		return wire.FirstProtocol
	}
	return n
}

func object(v *fastjson.Value, name string) *fastjson.Value {
	if v = v.Get(name); v == nil || v.Type() != fastjson.TypeObject {
		return nil
	}
	return v
}
