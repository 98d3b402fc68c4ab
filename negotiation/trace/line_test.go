package trace

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func at(ms, micro int64) time.Time { return time.UnixMicro(ms*1000 + micro) }

// lines are the contents of testdata/lines.jsonl.
var lines = []Line{
	LineOf(Event{N: 17, Time: at(1795914000004, 200), Peer: "wkgsyf2bal7ebz4k", Life: 1, Role: "polite", Kind: CollisionRollback, State: Stable,
		Message: Message{Type: Offer, Session: "f4e5631a00c0ffee", Seq: 8, Sent: true}, Cause: 16, Code: AsPolite}),
	LineOf(Event{N: 1, Time: at(1795914000000, 1), Kind: RoomJoined, Detail: "lobby"}),
	LineOf(Event{N: 12, Time: at(1795914000003, 0), Peer: "wkgsyf2bal7ebz4k", Life: 1, Role: "polite", Kind: OfferSending, State: HaveLocalOffer, Held: true,
		Message: Message{Type: Offer, Session: "f4e5631a00c0ffee", Seq: 8, Sent: true}, Cause: 11, SDP: "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\n"}),
	LineOf(Event{N: 20, Time: at(1795914000010, 50), Peer: "wkgsyf2bal7ebz4k", Life: 2, Role: "impolite", Kind: OfferFailed, State: Stable,
		Cause: 19, Code: CannotOffer, Err: errors.New(`"no" <b>&amp;</b>`), Next: at(1795914000100, 0), Detail: "no"}),
	LineOf(Event{N: 21, Time: at(1795914000011, 999), Peer: "wkgsyf2bal7ebz4k", Life: 2, Kind: ChatReceived, Detail: "Grüße\u2028\x00\x1f\t\\ 👋"}),
	{Event: Event{N: 9007199254740991, Peer: "wkgsyf2bal7ebz4k", Role: "impolite", Kind: "of-tomorrow", State: "have-local-pranswer", Code: "as-yet-unknown",
		Message: Message{Type: "of-tomorrow", Seq: 1}}, Side: There, Level: LevelWarn, Text: "[IMPOLITE] Who knows"},
}

// sameError compares errors by their words.
var sameError = cmp.Comparer(func(a, b error) bool {
	return (a == nil) == (b == nil) && (a == nil || a.Error() == b.Error())
})

func TestLines(t *testing.T) {
	text, err := os.ReadFile("testdata/lines.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	vectors := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	if len(vectors) != len(lines) {
		t.Fatalf("%d vectors for %d lines", len(vectors), len(lines))
	}
	for i, l := range lines {
		if diff := cmp.Diff(vectors[i], string(l.Append(nil))); diff != "" {
			t.Errorf("line %d is written otherwise (-vector +written):\n%s", i+1, diff)
		}
		read, err := ParseLine([]byte(vectors[i]))
		if err != nil {
			t.Errorf("line %d: %v", i+1, err)
		} else if diff := cmp.Diff(l, read, sameError); diff != "" {
			t.Errorf("line %d is read otherwise (-line +read):\n%s", i+1, diff)
		}
	}
}

func TestParseLine(t *testing.T) {
	const rest = `"side":"there","kind":"failed","level":"error"`
	for name, row := range map[string]struct {
		line string
		bad  string // part of the error; empty: there is none
	}{
		"unknown fields":           {`{"pn":"event",` + rest + `,"x":[{}],"why_not":null}`, ""},
		"white space":              {" {\"pn\" : \"event\", " + rest + "}\r", ""},
		"of another kind":          {`{"pn":"input",` + rest + `}`, "not an event"},
		"a header":                 {`{"fileFormat":3}`, "not an event"},
		"an array":                 {`["create",null]`, "not an event"},
		"nothing":                  {``, "not an event"},
		"half a line":              {`{"pn":"event",` + rest, "not an event"},
		"two":                      {`{"pn":"event",` + rest + `}{}`, "not an event"},
		"deep":                     {`{"pn":"event",` + rest + `,"x":` + strings.Repeat("[", 1000) + strings.Repeat("]", 1000) + `}`, "not an event"},
		"long":                     {`{"pn":"event",` + rest + `,"x":"` + strings.Repeat("x", MaxLine) + `"}`, "bytes"},
		"not UTF-8":                {`{"pn":"event",` + rest + ",\"x\":\"\xff\"}", "UTF-8"},
		"no kind":                  {`{"pn":"event","side":"there","level":"error"}`, "kind"},
		"no side":                  {`{"pn":"event","kind":"failed","level":"error"}`, "side"},
		"another side":             {`{"pn":"event","side":"behind","kind":"failed","level":"error"}`, "side"},
		"another role":             {`{"pn":"event",` + rest + `,"role":"\u001b[31m"}`, "role"},
		"another level":            {`{"pn":"event","side":"there","kind":"failed","level":"loud"}`, "level"},
		"a long kind":              {`{"pn":"event","side":"there","kind":"` + strings.Repeat("x", maxName+1) + `","level":"error"}`, "kind"},
		"a long detail":            {`{"pn":"event",` + rest + `,"detail":"` + strings.Repeat("x", maxText+1) + `"}`, "detail"},
		"a number for a text":      {`{"pn":"event",` + rest + `,"detail":1}`, "detail"},
		"null for a text":          {`{"pn":"event",` + rest + `,"text":null}`, "text"},
		"a text for a number":      {`{"pn":"event",` + rest + `,"n":"1"}`, "n cannot be"},
		"a fraction":               {`{"pn":"event",` + rest + `,"n":1.5}`, "n cannot be"},
		"below zero":               {`{"pn":"event",` + rest + `,"life":-1}`, "life"},
		"more than JavaScript has": {`{"pn":"event",` + rest + `,"cause":9007199254740992}`, "cause"},
		"no number":                {`{"pn":"event",` + rest + `,"t":nan}`, "t cannot be"},
		"before 1970":              {`{"pn":"event",` + rest + `,"t":-1}`, "t cannot be"},
		"for ever":                 {`{"pn":"event",` + rest + `,"next":1e300}`, "next"},
		"neither true nor false":   {`{"pn":"event",` + rest + `,"held":1}`, "held"},
		"a message that is none":   {`{"pn":"event",` + rest + `,"msg":"o8"}`, "msg"},
		"a message's number":       {`{"pn":"event",` + rest + `,"msg":{"type":"offer","seq":-8}}`, "msg"},
		"a message's session":      {`{"pn":"event",` + rest + `,"msg":{"session":"` + strings.Repeat("x", maxName+1) + `"}}`, "msg"},
	} {
		l, err := ParseLine([]byte(row.line))
		switch {
		case row.bad == "" && (err != nil || l.Event.Kind != Failed):
			t.Errorf("%s: %+v, %v", name, l, err)
		case row.bad != "" && (!errors.Is(err, ErrLine) || !strings.Contains(err.Error(), row.bad)):
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzLine checks that a parsed line is the same after it is written and parsed
// again, and is a single line.
func FuzzLine(f *testing.F) {
	for _, l := range lines {
		f.Add(l.Append(nil))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		first, err := ParseLine(data)
		if err != nil {
			return
		}
		written := first.Append(nil)
		if strings.ContainsAny(string(written), "\n\r") {
			t.Fatalf("%q is not one line", written)
		}
		second, err := ParseLine(written)
		if err != nil {
			t.Fatalf("%q becomes %q: %v", data, written, err)
		}
		if diff := cmp.Diff(first, second, sameError); diff != "" {
			t.Fatalf("%q becomes %q:\n%s", data, written, diff)
		}
	})
}

func BenchmarkLine(b *testing.B) {
	sdp := lines[2]
	sdp.Event.SDP = strings.Repeat("a=rtpmap:96 VP8/90000\r\n", 200)
	for name, l := range map[string]Line{"decision": lines[0], "description": sdp} {
		written := l.Append(nil)
		b.Run("append/"+name, func(b *testing.B) {
			b.SetBytes(int64(len(written)))
			for b.Loop() {
				written = LineOf(l.Event).Append(written[:0])
			}
		})
		b.Run("parse/"+name, func(b *testing.B) {
			b.SetBytes(int64(len(written)))
			for b.Loop() {
				if _, err := ParseLine(written); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestInputs(t *testing.T) {
	for _, in := range []Input{
		{Peer: "wkgsyf", Life: 2, Call: Receives, Type: Offer, SDP: "v=0\r\n"},
		{Call: HasWants, State: Stable, Wants: []Want{{"p0", "video", "sendrecv \"t\""}, {"", "application", ""}}},
		{Call: AddsCandidate, State: Stable, Err: "no", Class: "ufrag", Code: UnknownUfrag},
		{Call: ReceivesICE, Candidate: "candidate:1 1 udp 1 127.0.0.1 9 typ host", Ufrag: "abcd"},
		{Call: Returns, Yes: true},
	} {
		read, err := ParseInput(in.Append(nil))
		if diff := cmp.Diff(in, read); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", in.Append(nil), err, diff)
		}
	}
	for _, line := range []string{"", "{}", `{"pn":"event"}`, `{"pn":"input"}`, `{"pn":"input","call":1}`, `{"pn":"input","call":"pc.wants","wants":[["a"]]}`, `{"pn":"input","call":"return","yes":1}`} {
		if _, err := ParseInput([]byte(line)); !errors.Is(err, ErrLine) {
			t.Errorf("%s: %v", line, err)
		}
	}
}
