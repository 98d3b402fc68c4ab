package dump

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"perfect-negotiation/negotiation/trace"
)

const laneWidth = 40 // characters of a lane

// Ladder prints what a file tells, exchange by exchange: this side on the left, the other
// on the right, as far as it has told its trace.
func (f *File) Ladder(w io.Writer) error {
	out := bufio.NewWriter(w)
	pairings := f.Pairings()
	if len(pairings) == 0 {
		fmt.Fprintln(out, "No peer was met.")
	}
	n := 0
	for i, p := range pairings {
		if i > 0 {
			fmt.Fprintln(out)
		}
		fmt.Fprintf(out, "Pairing %d with %s: %d exchanges, %d collisions\n", p.Life, trace.Printable(p.Peer), len(p.Exchanges), p.collisions())
		if !p.Both {
			fmt.Fprintln(out, "The other side has not told its trace.")
		}
		for _, x := range p.Exchanges {
			n++
			x.print(out, n)
		}
	}
	if f.Cut {
		fmt.Fprintln(out, "\nThe last line of the file is not whole: it ends there.")
	}
	return out.Flush()
}

func (p Pairing) collisions() (n int) {
	for _, x := range p.Exchanges {
		if x.Collision {
			n++
		}
	}
	return n
}

func (x Exchange) print(out io.Writer, n int) {
	title := "exchange"
	if x.Collision {
		title = "collision"
	}
	fmt.Fprintf(out, "\n%d. %s\n%9s  %s    %s\n", n, title, "ms", pad("you"), "the other side")
	var first trace.Line
	for _, l := range x.Events {
		if l.Side == trace.Here && first.Side == "" {
			first = l
		}
		when := ""
		if l.Side == trace.Here && !l.Event.Time.IsZero() {
			when = fmt.Sprintf("+%.1f", float64(l.Event.Time.Sub(first.Event.Time).Microseconds())/1000)
		}
		arrow := "  "
		switch l.Event.Kind {
		case trace.OfferSending, trace.AnswerSending, trace.OfferReceived, trace.AnswerReceived:
			arrow = "<-"
			if l.Event.Message.Sent == (l.Side == trace.Here) {
				arrow = "->"
			}
		}
		here, there := "", words(l)
		if l.Side == trace.Here {
			here, there = there, ""
		}
		fmt.Fprintln(out, strings.TrimRight(fmt.Sprintf("%9s  %s %s %s", when, pad(here), arrow, there), " "))
	}
}

// words are what a lane says of an event.
func words(l trace.Line) string {
	e := l.Event
	message := fmt.Sprintf("%s %d", trace.Printable(string(e.Message.Type)), e.Message.Seq)
	switch e.Kind {
	case trace.OfferSending:
		if e.Held {
			return message + ", held"
		}
		return message
	case trace.AnswerSending:
		return message
	case trace.OfferReceived, trace.AnswerReceived:
		return message + " comes"
	case trace.CollisionRollback:
		return "takes " + message + " back: " + e.Code.Words()
	case trace.CollisionIgnored:
		return "ignores " + message + ": " + e.Code.Words()
	}
	if e.Level() == "" {
		return trace.Printable(l.Text)
	}
	e.Role = ""
	return e.String()
}

// pad cuts or fills what this side's lane says.
func pad(s string) string {
	n := utf8.RuneCountInString(s)
	if n > laneWidth {
		return string([]rune(s)[:laneWidth-1]) + "…"
	}
	return s + strings.Repeat(" ", laneWidth-n)
}

// ErrExchange says that a file has no exchange with this number.
var ErrExchange = errors.New("there is no such exchange")

// Mermaid prints exchange n, as [File.Ladder] counts them, as a Mermaid sequence diagram.
// https://mermaid.js.org/syntax/sequenceDiagram.html
func (f *File) Mermaid(w io.Writer, n int) error {
	last := 0
	for _, p := range f.Pairings() {
		if last += len(p.Exchanges); n > 0 && n <= last {
			out := bufio.NewWriter(w)
			p.Exchanges[n-1-last+len(p.Exchanges)].mermaid(out)
			return out.Flush()
		}
	}
	return fmt.Errorf("%w: there are %d", ErrExchange, last)
}

func (x Exchange) mermaid(out io.Writer) {
	fmt.Fprint(out, "sequenceDiagram\n  participant here as you\n  participant there as the other side\n")
	sent, came := map[message]bool{}, map[message]bool{}
	for _, l := range x.Events {
		switch l.Event.Kind {
		case trace.OfferSending, trace.AnswerSending:
			sent[identify(l)] = true
		case trace.OfferReceived, trace.AnswerReceived:
			came[identify(l)] = true
		}
	}
	for _, l := range x.Events {
		from, to := trace.Here, trace.There
		if l.Side == trace.There {
			from, to = to, from
		}
		switch l.Event.Kind {
		case trace.OfferSending, trace.AnswerSending:
			arrow := "->>"
			if !came[identify(l)] {
				arrow = "-)"
			}
			fmt.Fprintf(out, "  %s%s%s: %s\n", from, arrow, to, plain(words(l)))
		case trace.OfferReceived, trace.AnswerReceived:
			if !sent[identify(l)] { // its sender tells nothing
				fmt.Fprintf(out, "  %s->>%s: %s\n", to, from, plain(words(l)))
			}
		case trace.StateChanged:
		default:
			fmt.Fprintf(out, "  Note over %s: %s\n", from, plain(words(l)))
		}
	}
}

// plain keeps text from being read as Mermaid.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("#;<>{}\n\r", r) {
			return ' '
		}
		return r
	}, s)
}
