package dump

import (
	"io"
	"strconv"

	"perfect-negotiation/negotiation/internal/jsontext"
	"perfect-negotiation/negotiation/trace"
)

// Header says where a file comes from.
type Header struct {
	UserAgent string // the program
	Room      string // empty: not known, or masked
	Self      string // the id of its peer
	Source    string // negotiation.Source
	Masked    bool
}

const (
	magic   = "RTCStatsDump\n"
	version = 1
)

// Writer writes a file, line by line. It is not safe for concurrent use.
type Writer struct {
	w    io.Writer
	mask *Mask // nil: nothing is masked
	line []byte
	last int64 // ms since 1970, of the last array

	told map[message]string // the descriptions of late, by what identifies them
	keys []message          // of told, oldest first
}

// message is the identity of a description, whoever tells of it.
type message struct {
	peer, session string
	life, seq     uint64
	typ           trace.Type
	here          bool // it was sent here
}

// maxTold is how many descriptions may wait for the other side's word of them.
const maxTold = 64

// NewWriter writes the header of a file to w. Each call of the Writer is one Write to w.
func NewWriter(w io.Writer, h Header) (*Writer, error) {
	f := &Writer{w: w, told: map[message]string{}}
	if h.Masked {
		f.mask, h.Room = &Mask{}, ""
	}
	b := append([]byte(magic), `{"fileFormat":3`...)
	b = jsontext.AppendField(b, "userAgent", h.UserAgent)
	b = strconv.AppendInt(append(b, `,"pn":{"version":`...), version, 10)
	for _, field := range []struct{ name, value string }{{"room", h.Room}, {"self", h.Self}, {"source", h.Source}} {
		if field.value != "" {
			b = jsontext.AppendField(b, field.name, field.value)
		}
	}
	if h.Masked {
		b = append(b, `,"masked":true`...)
	}
	_, err := w.Write(append(b, "}}\n"...))
	return f, err
}

// Write writes an event, and what rtcstats would have written.
func (f *Writer) Write(l trace.Line) error {
	if f.mask != nil {
		l = f.mask.Line(l)
	}
	f.line = append(l.Append(f.line[:0]), '\n')
	f.derive(l)
	_, err := f.w.Write(f.line)
	return err
}

// WriteInput writes what came into a negotiation.
func (f *Writer) WriteInput(in trace.Input) error {
	if f.mask != nil {
		in = f.mask.Input(in)
	}
	_, err := f.w.Write(append(in.Append(f.line[:0]), '\n'))
	return err
}

// derive appends the array of an event, if it has one.
func (f *Writer) derive(l trace.Line) {
	e := &l.Event
	if e.Peer == "" || e.Life == 0 {
		return
	}
	id := identify(l)
	if e.SDP != "" {
		f.remember(id, e.SDP)
	}
	switch e.Kind {
	case trace.Paired:
		f.array(l, "create", "null", "")
	case trace.Unpaired:
		f.array(l, "close", "null", "")
	case trace.OfferSending, trace.AnswerSending:
		f.array(l, "setLocalDescription", f.description(id), e.Message.Type.Short(e.Message.Seq))
	case trace.AnswerReceived, trace.AnswerCreating: // an offer that is ignored is not set
		f.array(l, "setRemoteDescription", f.description(id), e.Message.Type.Short(e.Message.Seq))
	case trace.StateChanged:
		f.array(l, "onsignalingstatechange", quoted(string(e.State)), "")
	case trace.Connected, trace.ConnectionState:
		f.array(l, "onconnectionstatechange", quoted(string(e.Code)), "")
	case trace.CollisionRollback, trace.CollisionIgnored, trace.AnswerDropped, trace.DescriptionRefused,
		trace.Renegotiate, trace.Restart, trace.OfferFailed, trace.Failed:
		f.array(l, string(e.Kind), quoted(l.Text), e.Message.Type.Short(e.Message.Seq))
	}
}

func identify(l trace.Line) message {
	m := l.Event.Message
	return message{l.Event.Peer, m.Session, l.Event.Life, m.Seq, m.Type, m.Sent == (l.Side == trace.Here)}
}

func (f *Writer) remember(id message, sdp string) {
	if _, known := f.told[id]; !known {
		f.keys = append(f.keys, id)
	}
	f.told[id] = sdp
	if len(f.keys) > maxTold {
		delete(f.told, f.keys[0])
		f.keys = f.keys[1:]
	}
}

// description returns that of an event, as JSON: the other side does not tell the text.
func (f *Writer) description(id message) string {
	b := jsontext.AppendField([]byte{'{'}, "type", string(id.typ))
	if sdp := f.told[id]; sdp != "" {
		b = jsontext.AppendField(b, "sdp", sdp)
	}
	return string(append(b, '}'))
}

func quoted(s string) string { return string(jsontext.AppendString(nil, s)) }

// array appends the line that rtcstats reads. Time does not go back.
func (f *Writer) array(l trace.Line, method, value, more string) {
	b := append(f.line, '[')
	b = append(jsontext.AppendString(b, method), ',')
	b = jsontext.AppendString(b, l.Event.Peer+"#"+strconv.FormatUint(l.Event.Life, 10)+"/"+string(l.Side))
	b = append(append(b, ','), value...)
	if more != "" {
		b = jsontext.AppendString(append(b, ','), more)
	}
	now := f.last
	if l.Side == trace.Here { // the other side has another clock
		now = max(now, l.Event.Time.UnixMilli())
	}
	b = strconv.AppendInt(append(b, ','), now-f.last, 10)
	f.last = now
	f.line = append(b, "]\n"...)
}
