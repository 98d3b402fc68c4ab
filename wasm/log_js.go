package main

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"perfect-negotiation/negotiation/peer"
	"perfect-negotiation/negotiation/trace"
)

const maxDetail = 4000 // characters of a line that are shown

// Between the lines that log.js gets, and between the fields of a line. No line has them.
const lineEnd, fieldEnd = "\x1e", "\x1f"

var separators = strings.NewReplacer(lineEnd, " ", fieldEnd, " ")

// logView passes the lines of the log to globalThis.logView, once a frame: log.js draws
// them.
type logView struct {
	batch strings.Builder
	many  bool // there are several peers: a line says which one it is about
}

// add shows an event: of the pairing with this number, and in a demo of which side.
func (l *logView) add(e trace.Event, life uint64, side string) {
	level, isChat := string(e.Level()), e.Kind == trace.ChatSent || e.Kind == trace.ChatReceived
	if isChat {
		level = "chat"
	}
	by := side
	if side == "" && l.many {
		by = peer.ShortID(e.Peer)
	}
	e.Detail = shorten(e.Detail)
	words, said := e.String(), ""
	if isChat { // what people write has a direction of its own
		said = trace.Printable(e.Detail)
		words = strings.TrimSuffix(words, said)
	}
	fields := []string{level, string(e.Kind), fmt.Sprintf("%d.%d", life, e.N), e.Time.Format("15:04:05.000"), e.Peer, side, by, words}
	if isChat {
		fields = append(fields, said)
	}
	if l.batch.Len() > 0 {
		l.batch.WriteString(lineEnd)
	}
	for i, field := range fields {
		if i > 0 {
			l.batch.WriteString(fieldEnd)
		}
		_, _ = separators.WriteString(&l.batch, field)
	}
}

// give passes on the waiting lines.
func (l *logView) give() {
	if l.batch.Len() == 0 {
		return
	}
	if to, err := global("logView"); err == nil {
		_, _ = to.Call("add", l.batch.String())
	}
	l.batch.Reset()
}

// shorten returns the beginning of what is too long to show, and says how long it is.
func shorten(s string) string {
	length, shown := utf8.RuneCountInString(s), 0
	if length <= maxDetail {
		return s
	}
	for i := range s {
		if shown == maxDetail {
			s = s[:i]
			break
		}
		shown++
	}
	count := strconv.Itoa(length)
	for i := len(count) - 3; i > 0; i -= 3 {
		count = count[:i] + "," + count[i:]
	}
	return s + "… (" + count + " characters)"
}
