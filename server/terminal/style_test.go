package terminal

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"perfect-negotiation/negotiation/trace"
)

func TestStyle(t *testing.T) {
	at := time.Date(2026, 1, 1, 10, 20, 30, 45e6, time.Local)
	collision := trace.Event{Time: at, Peer: "abcdefghijkl", Role: "polite", Kind: trace.CollisionRollback}
	lost := trace.Event{Time: at, Kind: trace.RelayLost, Detail: "cut"}
	for name, row := range map[string]struct{ got, want string }{
		"a pipe":                  {style{}.event(collision, true), "10:20:30.045 INFO  [POLITE] Collision detected, rolling back local offer"},
		"names":                   {style{names: true}.event(collision, true), "10:20:30.045 INFO    abcde-fghij [POLITE] Collision detected, rolling back local offer"},
		"one other":               {style{names: true}.event(collision, false), "10:20:30.045 INFO    [POLITE] Collision detected, rolling back local offer"},
		"colours":                 {style{colour: true}.event(collision, false), "\x1b[2m10:20:30.045\x1b[0m INFO  \x1b[34m[POLITE] \x1b[0m\x1b[1mCollision detected, rolling back local offer\x1b[0m"},
		"a warning":               {style{colour: true}.event(lost, false), "\x1b[2m10:20:30.045\x1b[0m \x1b[33mWARN \x1b[0m No connection to the relay: cut"},
		"chat in a pipe":          {style{}.chat(chat("hi"), true), "Received: hi"},
		"chat with one":           {style{names: true}.chat(chat("hi"), false), "Received: hi"},
		"chat with several":       {style{names: true}.chat(chat("hi"), true), "abcde-fghij: hi"},
		"chat that is a command":  {style{names: true, colour: true}.chat(chat("\x1b[31m\n"), true), "\x1b[1mabcde-fghij:\x1b[0m " + `\x1b[31m\n`},
		"a name that is one":      {style{names: true}.chat(trace.Event{Kind: trace.ChatReceived, Peer: "\x1b[2J", Detail: "hi"}, true), `\x1b[2J: hi`},
		"what is said to us":      {style{}.note("hi"), "hi"},
		"an event in JSON":        {style{json: true}.event(lost, false), string(trace.LineOf(lost).Append(nil))},
		"an offer in JSON":        {style{json: true}.event(offer(), false), string(trace.LineOf(without(offer())).Append(nil))},
		"and with its passwords":  {style{json: true, sdp: true}.event(offer(), false), string(trace.LineOf(offer()).Append(nil))},
		"JSON has no other marks": {style{json: true, names: true, colour: true}.event(collision, true), string(trace.LineOf(collision).Append(nil))},
	} {
		if row.got != row.want {
			t.Errorf("%s: %q, not %q", name, row.got, row.want)
		}
	}
	var note struct{ PN, Text string }
	if err := json.Unmarshal([]byte(style{json: true}.note("a \"line\"\nand another")), &note); err != nil || note.PN != "note" || !strings.Contains(note.Text, "\n") {
		t.Errorf("%+v, %v", note, err)
	}
	evil := trace.Event{Kind: trace.ChatReceived, Detail: "\x1b\x7f\u009b\u2028\ufffd\\x7f"}
	line := style{json: true}.event(evil, false)
	if got, err := trace.ParseLine([]byte(line)); err != nil || got.Event.Detail != evil.Detail || line != trace.Printable(line) {
		t.Errorf("%q is %+v, %v", line, got, err)
	}
}

func chat(text string) trace.Event {
	return trace.Event{Kind: trace.ChatReceived, Peer: "abcdefghijkl", Detail: text}
}

func offer() trace.Event { return trace.Event{Kind: trace.OfferSending, SDP: "v=0"} }

func without(e trace.Event) trace.Event {
	e.SDP = ""
	return e
}
