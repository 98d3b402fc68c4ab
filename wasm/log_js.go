package main

import (
	"fmt"
	"strings"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/peer"
)

const maxLines = 1000

// logView is the log on the page, one element per line.
type logView struct {
	d     document
	list  element
	lines int
}

func (l *logView) add(e negotiation.Event) {
	level := string(e.Level())
	switch e.Kind {
	case peer.ChatSent, peer.ChatReceived:
		level = "chat"
	}
	line := l.d.create("div", "line")
	line.data("level", level)
	line.data("kind", string(e.Kind))
	if e.Peer != "" {
		line.data("peer", e.Peer)
	}
	at := l.d.create("time", "")
	hour, minute, second := e.Time.Clock()
	at.setText(fmt.Sprintf("%02d:%02d:%02d.%03d", hour, minute, second, e.Time.Nanosecond()/1e6))
	label := l.d.create("span", "level")
	label.setText(strings.ToUpper(level))
	words := l.d.create("span", "text")
	words.setText(e.String())
	line.append(at.Value, " ", label.Value, " ", words.Value)
	l.list.append(line.Value)
	if l.lines++; l.lines > maxLines {
		l.lines--
		if first, err := l.list.Get("firstElementChild"); err == nil {
			_, _ = first.Call("remove")
		}
	}
}
