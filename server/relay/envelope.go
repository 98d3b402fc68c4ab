package relay

import (
	"errors"
	"unicode/utf8"
)

// Reasons for refusing a message.
var (
	errNotUTF8   = errors.New("the message is not valid UTF-8")
	errNotObject = errors.New("the message is not one JSON object, or nested too deep")
	errTo        = errors.New(`"to" must be in lower case, and a string`)
	errOwned     = errors.New("welcome, joined, left, iceServers and error are the relay's own and cannot be sent")
)

// envelope is what the relay reads of a message.
type envelope struct {
	to        string // the addressee, if addressed
	addressed bool

	open, end int    // where the braces of the object are
	forged    []span // its "from" members, each with the brace or comma before it
}

// span is the bytes from start to before end.
type span struct{ start, end int }

// peek finds the envelope of a message, and checks the whole message: exactly
// one JSON object (RFC 8259) in valid UTF-8, nested no deeper than
// [wire.MaxDepth], without members that only the relay may send.
func peek(data []byte) (envelope, error) {
	var e envelope
	if !utf8.Valid(data) {
		return e, errNotUTF8
	}
	e.open = skipSpace(data, 0)
	if at(data, e.open) != '{' {
		return e, errNotObject
	}
	delimiter := e.open // before the next member
	i := skipSpace(data, e.open+1)
	if at(data, i) != '}' {
		for {
			key := i
			if i = skipString(data, i); i < 0 {
				return e, errNotObject
			}
			name := nameOf(data[key+1 : i-1])
			if i = skipSpace(data, i); at(data, i) != ':' {
				return e, errNotObject
			}
			value := skipSpace(data, i+1)
			if i = skipValue(data, value, 1); i < 0 {
				return e, errNotObject
			}
			switch name {
			case nameTo:
				if data[value] != '"' {
					return e, errTo
				}
				e.to, e.addressed = unquote(data[value:i]), true
			case nameToMisspelt:
				return e, errTo
			case nameFrom:
				e.forged = append(e.forged, span{delimiter, i})
			case nameOwned:
				return e, errOwned
			}
			i = skipSpace(data, i)
			if at(data, i) != ',' {
				break
			}
			delimiter = i
			i = skipSpace(data, i+1)
		}
	}
	e.end = i
	if at(data, i) != '}' || skipSpace(data, i+1) != len(data) {
		return e, errNotObject
	}
	return e, nil
}

// stamp returns a copy of the message with its true "from", which the caller must
// release. All other members keep their bytes and their order.
func (e *envelope) stamp(data []byte, from string) *stamped {
	const head, tail = `{"from":"`, `"`
	s := newStamped(len(head) + len(from) + len(tail) + len(data))
	out := append(s.data, head...)
	out = append(out, from...)
	out = append(out, tail...)
	members := e.open
	for _, f := range e.forged {
		out = e.appendMembers(out, data, span{members, f.start})
		members = f.end
	}
	if skipSpace(data, e.open+1) != e.end {
		out = e.appendMembers(out, data, span{members, e.end})
	}
	s.data = append(out, data[e.end:]...)
	return s
}

// appendMembers appends members with the delimiter before each of them. The
// delimiter of the first one in the object is the brace, which becomes a comma.
func (e *envelope) appendMembers(out, data []byte, s span) []byte {
	if s.start == e.open && s.end > s.start {
		out = append(out, ',')
		s.start++
	}
	return append(out, data[s.start:s.end]...)
}

// longS is a letter that is an s but for its case.
const longS = "ſ"

// name is a key as far as the relay cares.
type name int

const (
	nameOther name = iota
	nameTo
	nameToMisspelt
	nameFrom
	nameOwned
)

// nameOf returns the key between the quotes of a valid JSON string. Ignoring
// ASCII case finds what strings.EqualFold finds: of the letters of these keys only s
// has a variant outside ASCII, the long s.
func nameOf(quoted []byte) name {
	var buffer [len("iceservers")]byte
	key := buffer[:0]
	for i := 0; i < len(quoted); {
		c, size := quoted[i], 1
		if c == '\\' {
			if c, size = unescape(quoted[i:]); c == 0 {
				return nameOther
			}
		} else if c == longS[0] && i+1 < len(quoted) && quoted[i+1] == longS[1] {
			c, size = 's', len(longS)
		}
		if len(key) == cap(key) {
			return nameOther
		}
		key = append(key, c)
		i += size
	}
	exactTo := string(key) == "to"
	for i, c := range key {
		if 'A' <= c && c <= 'Z' {
			key[i] = c + 'a' - 'A'
		}
	}
	switch string(key) {
	case "to":
		if exactTo {
			return nameTo
		}
		return nameToMisspelt
	case "from":
		return nameFrom
	case "welcome", "joined", "left", "iceservers", "error":
		return nameOwned
	}
	return nameOther
}

// unescape returns the letter that the escape sequence at the start of s stands
// for, and the length of the sequence, or 0 if it stands for no ASCII letter.
func unescape(s []byte) (letter byte, size int) {
	if s[1] != 'u' {
		return 0, 0
	}
	var r rune
	for _, c := range s[2:6] {
		r = r<<4 | rune(hexDigit(c))
	}
	if string(r) == longS {
		return 's', 6
	}
	if r >= utf8.RuneSelf {
		return 0, 0
	}
	return byte(r), 6
}
