package terminal

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"perfect-negotiation/negotiation/peer"
	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/negotiation/trace"
)

// style is the appearance of lines at one output. The zero value is that of a pipe.
type style struct {
	names  bool // show names of peers, if there are several
	colour bool
	json   bool // each line is an object
	sdp    bool // with json: include descriptions, with addresses and passwords
}

// styleOf returns the style for an output: names for a person, and colours if the
// terminal supports them.
func styleOf(out any, colour bool) style {
	is := isTerminal(out)
	return style{names: is, colour: is && colour && !isDumb()}
}

func isTerminal(v any) bool {
	file, is := v.(*os.File)
	return is && term.IsTerminal(int(file.Fd()))
}

// isDumb reports whether a terminal has no escape sequences.
func isDumb() bool {
	name := os.Getenv("TERM")
	return name == "" || name == "dumb"
}

// An SGR parameter of ECMA-48, section 8.3.117.
const (
	plain   = ""
	bold    = "1"
	faint   = "2"
	red     = "31"
	green   = "32"
	yellow  = "33"
	blue    = "34"
	magenta = "35"
)

var (
	levelColours = map[trace.Level]string{
		trace.LevelDebug: faint, trace.LevelSuccess: green, trace.LevelWarn: yellow, trace.LevelError: red,
	}
	roleColours = map[wire.Role]string{wire.Polite: blue, wire.Impolite: magenta}
)

func (s style) paint(colour, text string) string {
	if !s.colour || colour == plain || text == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// chat returns the line of received chat.
func (s style) chat(e trace.Event, several bool) string {
	if s.names && several {
		return s.paint(bold, name(e.Peer)+":") + " " + trace.Printable(e.Detail)
	}
	return e.String()
}

// event returns the line of an event in the log.
func (s style) event(e trace.Event, several bool) string {
	if s.json {
		if !s.sdp {
			e.SDP = ""
		}
		return harmless(string(trace.LineOf(e).Append(nil)))
	}
	level, text, about := e.Level(), e.String(), ""
	if s.names && several && e.Peer != "" {
		about = s.paint(bold, name(e.Peer)) + " "
	}
	if e.Role != "" {
		role := "[" + strings.ToUpper(string(e.Role)) + "] "
		about, text = about+s.paint(roleColours[e.Role], role), strings.TrimPrefix(text, role)
	}
	switch {
	case level == trace.LevelDebug, level == trace.LevelError:
		text = s.paint(levelColours[level], text)
	case e.Kind == trace.CollisionRollback, e.Kind == trace.CollisionIgnored:
		text = s.paint(bold, text)
	}
	label := fmt.Sprintf("%-5s", strings.ToUpper(string(level)))
	if s.names {
		label = fmt.Sprintf("%-7s", label)
	}
	return s.paint(faint, e.Time.Format("15:04:05.000")) + " " + s.paint(levelColours[level], label) + " " + about + text
}

// harmless escapes the characters in JSON that could command a terminal. JSON's
// escapes are Go's except for DEL.
func harmless(json string) string {
	return trace.Printable(strings.ReplaceAll(json, "\x7f", `\u007f`))
}

// note returns the line of a message to the user that is not an event.
func (s style) note(text string) string {
	if !s.json {
		return text
	}
	line, _ := json.Marshal(struct { // contains nothing that cannot be encoded
		PN   string `json:"pn"`
		Time int64  `json:"t"`
		Text string `json:"text"`
	}{"note", time.Now().UnixMilli(), text})
	return harmless(string(line))
}

// name returns the displayed part of a peer's id, which comes from the relay.
func name(id string) string { return trace.Printable(peer.ShortID(id)) }
