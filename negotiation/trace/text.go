package trace

import (
	"strconv"
	"strings"
	"unicode"
)

// Printable returns s with control characters, line and paragraph separators,
// embeddings, overrides and isolates of text direction and invalid UTF-8 escaped as in
// a Go string, so that text from a peer is one line and cannot command a terminal. The
// direction marks U+200E, U+200F and U+061C stay: they are ordinary in Arabic and
// Hebrew, and override nothing.
func Printable(s string) string {
	if strings.IndexFunc(s, hidden) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if hidden(r) {
			q := strconv.QuoteRuneToASCII(r)
			b.WriteString(q[1 : len(q)-1])
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func hidden(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == unicode.ReplacementChar ||
		'\u202a' <= r && r <= '\u202e' || '\u2066' <= r && r <= '\u2069'
}
