package relay

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math/bits"

	"perfect-negotiation/negotiation/signaling/wire"
)

// The skip functions return the end of what begins at data[i], or -1 if that is
// not valid JSON. An i past the end of data is not valid.

// at returns data[i] or, past the end, 0, which no JSON contains.
func at(data []byte, i int) byte {
	if i < len(data) {
		return data[i]
	}
	return 0
}

func skipSpace(data []byte, i int) int {
	for i < len(data) && (data[i] == ' ' || data[i] == '\n' || data[i] == '\r' || data[i] == '\t') {
		i++
	}
	return i
}

// skipValue skips a value inside depth objects and arrays.
func skipValue(data []byte, i, depth int) int {
	switch c := at(data, i); c {
	case '"':
		return skipString(data, i)
	case '{', '[':
		return skipComposite(data, i, depth+1)
	case 't':
		return skipLiteral(data, i, "true")
	case 'f':
		return skipLiteral(data, i, "false")
	case 'n':
		return skipLiteral(data, i, "null")
	default:
		return skipNumber(data, i)
	}
}

// skipComposite skips an object or an array at a depth, counted from 1.
func skipComposite(data []byte, i, depth int) int {
	if depth > wire.MaxDepth {
		return -1
	}
	object := data[i] == '{'
	end := byte(']')
	if object {
		end = '}'
	}
	i = skipSpace(data, i+1)
	if at(data, i) == end {
		return i + 1
	}
	for {
		if object {
			if i = skipString(data, i); i < 0 {
				return -1
			}
			if i = skipSpace(data, i); at(data, i) != ':' {
				return -1
			}
			i = skipSpace(data, i+1)
		}
		if i = skipValue(data, i, depth); i < 0 {
			return -1
		}
		i = skipSpace(data, i)
		switch at(data, i) {
		case end:
			return i + 1
		case ',':
			i = skipSpace(data, i+1)
		default:
			return -1
		}
	}
}

func skipString(data []byte, i int) int {
	if at(data, i) != '"' {
		return -1
	}
	for i = skipPlain(data, i+1); ; i = skipPlain(data, i+1) {
		switch at(data, i) {
		case '"':
			return i + 1
		case '\\':
			i++
			switch at(data, i) {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			case 'u':
				for range 4 {
					i++
					if hexDigit(at(data, i)) < 0 {
						return -1
					}
				}
			default:
				return -1
			}
		default:
			return -1
		}
	}
}

// skipPlain skips all that stands for itself in a string: it ends at a quote, a backslash,
// a control character, or the end of data. Most of a message is that, so it looks at eight
// bytes at once.
func skipPlain(data []byte, i int) int {
	// below marks the highest bit of each byte that is smaller than n. Above the first
	// one, which has borrowed from the next, it may be wrong.
	const ones, highest = 0x0101010101010101, 0x8080808080808080
	below := func(word, n uint64) uint64 { return (word - n*ones) &^ word & highest }
	for ; i+8 <= len(data); i += 8 {
		word := binary.LittleEndian.Uint64(data[i:])
		if found := below(word, ' ') | below(word^'"'*ones, 1) | below(word^'\\'*ones, 1); found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for i < len(data) && data[i] >= ' ' && data[i] != '"' && data[i] != '\\' {
		i++
	}
	return i
}

func skipLiteral(data []byte, i int, literal string) int {
	if !bytes.HasPrefix(data[i:], []byte(literal)) {
		return -1
	}
	return i + len(literal)
}

func skipNumber(data []byte, i int) int {
	if at(data, i) == '-' {
		i++
	}
	if at(data, i) == '0' {
		i++
	} else if i = skipDigits(data, i); i < 0 {
		return -1
	}
	if at(data, i) == '.' {
		if i = skipDigits(data, i+1); i < 0 {
			return -1
		}
	}
	if c := at(data, i); c == 'e' || c == 'E' {
		i++
		if c := at(data, i); c == '+' || c == '-' {
			i++
		}
		return skipDigits(data, i)
	}
	return i
}

// skipDigits skips one digit or more.
func skipDigits(data []byte, i int) int {
	start := i
	for '0' <= at(data, i) && at(data, i) <= '9' {
		i++
	}
	if i == start {
		return -1
	}
	return i
}

// hexDigit returns the value of a hexadecimal digit, or -1.
func hexDigit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// unquote returns the text of a valid JSON string.
func unquote(quoted []byte) string {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1 : len(quoted)-1])
	}
	var text string
	if err := json.Unmarshal(quoted, &text); err != nil {
		panic(err) // unreachable: skipString has accepted it
	}
	return text
}
