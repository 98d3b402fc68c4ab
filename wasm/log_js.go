package main

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"perfect-negotiation/negotiation/peer"
	"perfect-negotiation/negotiation/trace"
)

const (
	maxLines  = 1000
	maxDetail = 4000 // characters of a line that are shown
)

// logView is the log on the page, one element per line.
type logView struct {
	d     document
	list  element
	lines int
	many  bool // there are several peers: a line says which one it is about
}

// add shows an event: of the pairing with this number, and in a demo of which side.
func (l *logView) add(e trace.Event, life uint64, side string) {
	level := string(e.Level())
	switch e.Kind {
	case trace.ChatSent, trace.ChatReceived:
		level = "chat"
	}
	line := l.d.create("div", "line")
	line.data("level", level)
	line.data("kind", string(e.Kind))
	line.data("n", strconv.FormatUint(life, 10)+"."+strconv.FormatUint(e.N, 10))
	if e.Peer != "" {
		line.data("peer", e.Peer)
	}
	at := l.d.create("time", "")
	hour, minute, second := e.Time.Clock()
	at.setText(fmt.Sprintf("%02d:%02d:%02d.%03d", hour, minute, second, e.Time.Nanosecond()/1e6))
	label := l.d.create("span", "level")
	label.setText(strings.ToUpper(level))
	line.append(at.Value, " ", label.Value, " ")
	by := side
	switch {
	case side != "":
		line.data("side", side)
	case l.many:
		by = peer.ShortID(e.Peer)
	}
	if by != "" {
		id := l.d.create("span", "other")
		id.setText(by)
		line.append(id.Value, " ")
	}
	e.Detail = shorten(e.Detail)
	words := l.d.create("span", "text")
	words.set("dir", "auto")
	if level == "chat" { // what people write has a direction of its own
		said := trace.Printable(e.Detail)
		words.setText(strings.TrimSuffix(e.String(), said))
		isolated := l.d.create("bdi", "")
		isolated.setText(said)
		words.append(isolated.Value)
	} else {
		words.setText(e.String())
	}
	line.append(words.Value)
	l.list.append(line.Value)
	if l.lines++; l.lines > maxLines {
		l.lines--
		if first, err := l.list.Get("firstElementChild"); err == nil {
			_, _ = first.Call("remove")
		}
	}
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
