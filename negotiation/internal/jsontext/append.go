// Package jsontext writes JSON. encoding/json would make the page's program an
// eighth larger, and fastjson writes strings that are not valid JSON.
package jsontext

import (
	"strconv"
	"unicode/utf8"
)

// AppendField appends "name":"value" to an object, and the comma before it.
func AppendField(dst []byte, name, value string) []byte {
	return AppendString(AppendName(dst, name), value)
}

// AppendName appends the name of a field, and the comma before it.
func AppendName(dst []byte, name string) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	return append(AppendString(dst, name), ':')
}

// AppendString appends s as a JSON string; invalid UTF-8 becomes U+FFFD.
// https://www.rfc-editor.org/rfc/rfc8259#section-7
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); {
		if c := s[i]; ' ' <= c && c < utf8.RuneSelf && c != '"' && c != '\\' {
			i++
			continue
		}
		r, width := utf8.DecodeRuneInString(s[i:])
		var escaped string
		switch {
		case r == '"' || r == '\\':
			escaped = `\` + string(r)
		case r == '\n':
			escaped = `\n`
		case r == '\r':
			escaped = `\r`
		case r < ' ':
			escaped = `\u00` + strconv.FormatInt(int64(r)>>4, 16) + strconv.FormatInt(int64(r)&15, 16)
		case r == utf8.RuneError && width == 1:
			escaped = "\ufffd"
		}
		if escaped != "" {
			dst = append(append(dst, s[from:i]...), escaped...)
			from = i + width
		}
		i += width
	}
	return append(append(dst, s[from:]...), '"')
}
