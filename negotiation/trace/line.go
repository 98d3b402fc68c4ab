package trace

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/valyala/fastjson"

	"perfect-negotiation/negotiation/internal/jsontext"
	"perfect-negotiation/negotiation/signaling/wire"
)

// Limits of a line that is read. Written lines are shorter: names are ours or the
// relay's, and texts came in frames and messages, which are limited.
const (
	MaxLine = 1 << 20   // bytes
	maxText = 256 << 10 // bytes of detail, err, text and sdp
	maxName = 128       // bytes of any other field
)

// ErrLine means that a line is not an event.
var ErrLine = errors.New("trace: the line is not an event")

// Side tells which side reported an event.
type Side string

// The sides.
const (
	Here  Side = "here"  // the program that writes the line
	There Side = "there" // the remote peer, which reported it
)

// Line is an event in written form.
type Line struct {
	Event Event
	Side  Side
	Level Level  // of the event
	Text  string // the log line of the event
}

// LineOf returns the line of an event of this program.
func LineOf(e Event) Line { return Line{Event: e, Side: Here, Level: e.Level(), Text: e.String()} }

// Append appends the line to dst, without a newline. The package documentation lists
// the fields.
func (l Line) Append(dst []byte) []byte {
	e := &l.Event
	dst = append(dst, `{"pn":"event"`...)
	dst = appendNumber(dst, `,"n":`, e.N)
	dst = appendTime(dst, `,"t":`, e.Time)
	dst = appendText(dst, `,"side":`, string(l.Side))
	dst = appendText(dst, `,"peer":`, e.Peer)
	dst = appendNumber(dst, `,"life":`, e.Life)
	dst = appendText(dst, `,"role":`, string(e.Role))
	dst = appendText(dst, `,"kind":`, string(e.Kind))
	dst = appendText(dst, `,"level":`, string(l.Level))
	dst = appendText(dst, `,"state":`, string(e.State))
	dst = appendTrue(dst, `,"held":`, e.Held)
	if m := e.Message; m != (Message{}) {
		dst = append(dst, `,"msg":{"type":`...)
		dst = jsontext.AppendString(dst, string(m.Type))
		dst = appendText(dst, `,"session":`, m.Session)
		dst = appendNumber(dst, `,"seq":`, m.Seq)
		dst = append(appendTrue(dst, `,"sent":`, m.Sent), '}')
	}
	dst = appendNumber(dst, `,"cause":`, e.Cause)
	dst = appendText(dst, `,"why":`, string(e.Code))
	if e.Err != nil {
		dst = appendText(dst, `,"err":`, e.Err.Error())
	}
	dst = appendTime(dst, `,"next":`, e.Next)
	dst = appendText(dst, `,"detail":`, e.Detail)
	dst = appendText(dst, `,"text":`, l.Text)
	dst = appendText(dst, `,"sdp":`, e.SDP)
	return append(dst, '}')
}

func appendText(dst []byte, name, s string) []byte {
	if s == "" {
		return dst
	}
	return jsontext.AppendString(append(dst, name...), s)
}

func appendNumber(dst []byte, name string, n uint64) []byte {
	if n == 0 {
		return dst
	}
	return strconv.AppendUint(append(dst, name...), n, 10)
}

func appendTrue(dst []byte, name string, is bool) []byte {
	if !is {
		return dst
	}
	return append(append(dst, name...), "true"...)
}

func appendTime(dst []byte, name string, t time.Time) []byte {
	if t.IsZero() {
		return dst
	}
	micro := t.UnixMicro()
	dst = strconv.AppendInt(append(dst, name...), micro/1000, 10)
	if micro %= 1000; micro > 0 {
		dst = append(dst, '.', byte('0'+micro/100), byte('0'+micro/10%10), byte('0'+micro%10))
	}
	return dst
}

// ParseLine parses what [Line.Append] has written, here or in another program. It
// returns an error that wraps [ErrLine] if a line is too long, is not a JSON object
// in UTF-8, or has an invalid field. Unknown kinds, codes, states and fields are
// accepted.
func ParseLine(data []byte) (Line, error) {
	if len(data) > MaxLine {
		return Line{}, fmt.Errorf("%w: it has more than %d bytes", ErrLine, MaxLine)
	}
	if !utf8.Valid(data) {
		return Line{}, fmt.Errorf("%w: it is not UTF-8", ErrLine)
	}
	v, err := fastjson.ParseBytes(data)
	if err != nil {
		return Line{}, fmt.Errorf("%w: %w", ErrLine, err)
	}
	if v.Type() != fastjson.TypeObject || string(v.GetStringBytes("pn")) != "event" {
		return Line{}, ErrLine
	}
	r := reader{v: v}
	l := Line{
		Event: Event{
			N: r.number("n"), Time: r.time("t"), Peer: r.name("peer"), Life: r.number("life"),
			Role: wire.Role(r.name("role")), Kind: Kind(r.name("kind")), State: State(r.name("state")), Held: r.truth("held"),
			Cause: r.number("cause"), Code: Code(r.name("why")), Next: r.time("next"), Detail: r.text("detail"), SDP: r.text("sdp"),
		},
		Side: Side(r.name("side")), Level: Level(r.name("level")), Text: r.text("text"),
	}
	if text := r.text("err"); text != "" {
		l.Event.Err = errors.New(text)
	}
	if msg := v.Get("msg"); msg != nil {
		m := reader{v: msg}
		l.Event.Message = Message{Type: Type(m.name("type")), Session: m.name("session"), Seq: m.number("seq"), Sent: m.truth("sent")}
		if msg.Type() != fastjson.TypeObject || m.bad != "" {
			r.bad = "msg"
		}
	}
	switch {
	case r.bad != "":
	case l.Event.Role != "" && l.Event.Role != wire.Polite && l.Event.Role != wire.Impolite:
		r.bad = "role"
	case l.Event.Kind == "":
		r.bad = "kind"
	case l.Side != Here && l.Side != There:
		r.bad = "side"
	case l.Level != LevelDebug && l.Level != LevelInfo && l.Level != LevelSuccess && l.Level != LevelWarn && l.Level != LevelError:
		r.bad = "level"
	}
	if r.bad != "" {
		return Line{}, fmt.Errorf("%w: its %s cannot be", ErrLine, r.bad)
	}
	return l, nil
}

// reader reads the fields of an object, and remembers an invalid one.
type reader struct {
	v   *fastjson.Value
	bad string
}

func (r *reader) string(name string, limit int) string {
	v := r.v.Get(name)
	if v == nil {
		return ""
	}
	s, err := v.StringBytes()
	if err != nil || len(s) > limit {
		r.bad = name
		return ""
	}
	return string(s)
}

func (r *reader) name(name string) string { return r.string(name, maxName) }

func (r *reader) text(name string) string { return r.string(name, maxText) }

func (r *reader) truth(name string) bool {
	v := r.v.Get(name)
	if v == nil {
		return false
	}
	is, err := v.Bool()
	if err != nil {
		r.bad = name
	}
	return is
}

// number reads an integer that JavaScript can represent.
func (r *reader) number(name string) uint64 {
	v := r.v.Get(name)
	if v == nil {
		return 0
	}
	n, err := v.Uint64()
	if err != nil || n > 1<<53-1 {
		r.bad = name
		return 0
	}
	return n
}

// maxTime is the end of the year 9999, in milliseconds since 1970.
const maxTime = 253402300799999

func (r *reader) time(name string) time.Time {
	v := r.v.Get(name)
	if v == nil {
		return time.Time{}
	}
	// Not parsed as a float, which would link strconv's tables into the page's
	// program.
	whole, fraction, _ := strings.Cut(string(v.MarshalTo(nil)), ".")
	ms, err := strconv.ParseUint(whole, 10, 64)
	micro, err2 := strconv.ParseUint((fraction + "000")[:3], 10, 64)
	if err != nil || err2 != nil || ms > maxTime {
		r.bad = name
		return time.Time{}
	}
	return time.UnixMicro(int64(ms*1000 + micro))
}
