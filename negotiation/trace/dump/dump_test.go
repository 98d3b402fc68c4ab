package dump

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"perfect-negotiation/negotiation/internal/sdp"
	"perfect-negotiation/negotiation/trace"
)

var update = flag.Bool("update", false, "write the vectors of today")

// events are those of testdata/pair.jsonl: three collisions, seen from both sides.
func events(t testing.TB) (list []trace.Line) {
	t.Helper()
	text, err := os.ReadFile("testdata/pair.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		l, err := trace.ParseLine(bytes.TrimSpace(line))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, l)
	}
	return list
}

func written(t testing.TB, masked bool) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := NewWriter(&out, Header{UserAgent: "native", Room: "lobby", Self: "bal7eb", Source: "f4e5631a", Masked: masked})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range events(t) {
		if err := w.Write(l); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

// vector compares what was made with a file in testdata.
func vector(t *testing.T, name string, made []byte) {
	t.Helper()
	name = filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(name, made, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(made)); diff != "" {
		t.Errorf("%s (-vector +made):\n%s", name, diff)
	}
}

var sameError = cmp.Comparer(func(a, b error) bool {
	return (a == nil) == (b == nil) && (a == nil || a.Error() == b.Error())
})

func TestFile(t *testing.T) {
	plain, masked := written(t, false), written(t, true)
	vector(t, "pair.trace", masked)
	f, err := Read(bytes.NewReader(plain))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(events(t), f.Events, sameError); diff != "" {
		t.Errorf("it is read otherwise (-written +read):\n%s", diff)
	}
	if diff := cmp.Diff(Header{UserAgent: "native", Room: "lobby", Self: "bal7eb", Source: "f4e5631a"}, f.Header); diff != "" {
		t.Error(diff)
	}
	if f, err = Read(bytes.NewReader(masked)); err != nil || !f.Masked || f.Room != "" || bytes.Contains(masked, []byte("lobby")) {
		t.Errorf("the header of the masked one is %+v, %v", f, err)
	}

	var ladder, mermaid bytes.Buffer
	if err := f.Ladder(&ladder); err != nil {
		t.Fatal(err)
	}
	vector(t, "pair.txt", ladder.Bytes())
	if err := f.Mermaid(&mermaid, 3); err != nil {
		t.Fatal(err)
	}
	vector(t, "pair.mmd", mermaid.Bytes())
	for _, n := range []int{-1, 0, 1000} {
		if err := f.Mermaid(&mermaid, n); !errors.Is(err, ErrExchange) {
			t.Errorf("exchange %d: %v", n, err)
		}
	}
}

// TestEachArray writes every event that has an array: arrays.trace has what rtcstats' tools
// get of it.
func TestEachArray(t *testing.T) {
	var out bytes.Buffer
	w, err := NewWriter(&out, Header{UserAgent: "native", Self: "bal7eb", Source: "f4e5631a", Masked: true})
	if err != nil {
		t.Fatal(err)
	}
	ours := func(typ trace.Type, seq uint64) trace.Message {
		return trace.Message{Type: typ, Session: "0011223344556677", Seq: seq, Sent: true}
	}
	theirs := func(typ trace.Type, seq uint64) trace.Message {
		return trace.Message{Type: typ, Session: "8899aabbccddeeff", Seq: seq}
	}
	sdp := "v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
	for n, e := range []trace.Event{
		{Kind: trace.Paired},
		{Kind: trace.Renegotiate},
		{Kind: trace.Restart},
		{Kind: trace.OfferSending, Message: ours(trace.Offer, 1), SDP: sdp, State: trace.HaveLocalOffer},
		{Kind: trace.StateChanged, State: trace.HaveLocalOffer},
		{Kind: trace.OfferReceived, Message: theirs(trace.Offer, 1), SDP: sdp},
		{Kind: trace.CollisionIgnored, Message: theirs(trace.Offer, 1)},
		{Kind: trace.CollisionRollback, Message: ours(trace.Offer, 1)},
		{Kind: trace.AnswerCreating, Message: theirs(trace.Offer, 1)},
		{Kind: trace.AnswerSending, Message: ours(trace.Answer, 2), SDP: sdp},
		{Kind: trace.AnswerReceived, Message: theirs(trace.Answer, 2), SDP: sdp},
		{Kind: trace.AnswerDropped, Message: theirs(trace.Answer, 3)},
		{Kind: trace.DescriptionRefused, Message: theirs(trace.Offer, 4), Detail: "it is not one"},
		{Kind: trace.OfferFailed, Detail: "no answer was taken"},
		{Kind: trace.ConnectionState, Code: "connecting"},
		{Kind: trace.Connected, Code: "connected"},
		{Kind: trace.Failed, Detail: "it cannot go on"},
		{Kind: trace.Unpaired},
		{Kind: trace.ChannelOpened, Detail: "which has none"},
	} {
		e.N, e.Peer, e.Life, e.Role = uint64(n+1), "wkgsyfq2m4n5tdba", 1, "polite"
		e.Time = time.UnixMilli(1795914000000 + 3*int64(n)).UTC()
		if err := w.Write(trace.LineOf(e)); err != nil {
			t.Fatal(err)
		}
	}
	vector(t, "arrays.trace", out.Bytes())
}

// TestArrays reads the arrays as rtcstats' reader does: method, connection, value, and the
// time since the line before at the end.
func TestArrays(t *testing.T) {
	seen := map[string]int{}
	now := 0.0
	for n, line := range strings.Split(strings.TrimSpace(string(written(t, true))), "\n")[1:] {
		var value any
		if err := json.Unmarshal([]byte(line), &value); err != nil {
			t.Fatalf("line %d: %v", n+2, err)
		}
		array, is := value.([]any)
		if !is {
			continue
		}
		method, ok1 := array[0].(string)
		connection, ok2 := array[1].(string)
		delta, ok3 := array[len(array)-1].(float64)
		if now += delta; !ok1 || !ok2 || !ok3 || delta < 0 || len(array) < 4 || now < 1795913999100 || now > 1795914100000 {
			t.Errorf("line %d: %s", n+2, line)
		}
		if peer, side, _ := strings.Cut(connection, "#1/"); peer != "wkgsyfq2m4n5tdba" || side != "here" && side != "there" {
			t.Errorf("line %d is of %s", n+2, connection)
		}
		if strings.HasSuffix(method, "Description") {
			if d := array[2].(map[string]any); d["type"] == "" {
				t.Errorf("line %d has no description", n+2)
			}
		}
		seen[method]++
	}
	for _, method := range []string{"create", "setLocalDescription", "setRemoteDescription", "onconnectionstatechange", "collision-rollback", "collision-ignored"} {
		if seen[method] == 0 {
			t.Errorf("there is no %s; there are %v", method, seen)
		}
	}
}

func TestRead(t *testing.T) {
	good := string(written(t, true))
	header, _, _ := strings.Cut(good[len(magic):], "\n")
	for name, row := range map[string]struct{ file, bad string }{
		"nothing":             {"", "begin with"},
		"a foreign file":      {"GIF89a", "begin with"},
		"gzip":                {"\x1f\x8b\x08", "gzip"},
		"no header":           {magic, "no header"},
		"half a header":       {magic + header[:20], "line 2"},
		"another format":      {magic + `{"fileFormat":2}`, "format is 2"},
		"rtcstats' own":       {magic + `{"fileFormat":3}` + "\n" + `["create",null,{},1]`, "another program"},
		"of tomorrow":         {magic + `{"fileFormat":3,"pn":{"version":2}}`, "version is 2"},
		"no line of JSON":     {magic + header + "\nnonsense\n", "line 3"},
		"no event":            {magic + header + "\n" + `{"pn":"event","n":-1}` + "\n", "line 3"},
		"a line without end":  {magic + header + "\n" + strings.Repeat("x", trace.MaxLine+2), "bytes"},
		"cut":                 {good[:len(good)-20], ""},
		"objects of tomorrow": {good + `{"pn":"of tomorrow"}` + "\n", ""},
	} {
		f, err := Read(strings.NewReader(row.file))
		switch {
		case row.bad == "" && (err != nil || len(f.Events) < 60):
			t.Errorf("%s: %v", name, err)
		case row.bad != "" && (!errors.Is(err, ErrFile) || !strings.Contains(err.Error(), row.bad)):
			t.Errorf("%s: %v", name, err)
		}
	}
}

// descriptions are those of other stacks, and of the pair.
func descriptions(t testing.TB) (list []string) {
	t.Helper()
	names, err := filepath.Glob("../../internal/pion/testdata/sdp/*/*.sdp")
	if err != nil || len(names) == 0 {
		t.Fatal("no descriptions", err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, string(text))
	}
	for _, l := range events(t) {
		if l.Event.SDP != "" {
			list = append(list, l.Event.SDP)
		}
	}
	return list
}

// TestMask checks whether masked descriptions say the same to a negotiation, and none of
// the secrets.
func TestMask(t *testing.T) {
	var m Mask
	for _, plain := range descriptions(t) {
		masked := m.SDP(plain)
		checkMasked(t, plain, masked)
		if again := m.SDP(plain); again != masked {
			t.Errorf("it becomes %q, and then %q", masked, again)
		}
		for line := range strings.Lines(plain) {
			key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
			if secret := value; slices.Contains([]string{"a=ice-ufrag", "a=ice-pwd"}, key) && strings.Contains(masked, ":"+secret+"\r") {
				t.Errorf("%s is not masked", line)
			}
			if _, digits, found := strings.Cut(value, " "); key == "a=fingerprint" && found && strings.Contains(masked, digits) {
				t.Errorf("%s is not masked", line)
			}
		}
	}
}

func checkMasked(t *testing.T, plain, masked string) {
	t.Helper()
	before, after := sdp.Parse(plain), sdp.Parse(masked)
	if a, b := trace.CodeOf(before.CheckOffer(nil)), trace.CodeOf(after.CheckOffer(nil)); a != b {
		t.Errorf("%q is refused for %q, masked for %q: %q", plain, a, b, masked)
	}
	if diff := cmp.Diff(before.Sections(), after.Sections()); diff != "" {
		t.Errorf("other sections (-plain +masked):\n%s", diff)
	}
	if (before.Ufrag() == "") != (after.Ufrag() == "") || before.Setup() != after.Setup() || len(before.Candidates()) != len(after.Candidates()) {
		t.Errorf("%q becomes %q", plain, masked)
	}
}

func TestMaskedWords(t *testing.T) {
	var m Mask
	m.SDP("a=ice-ufrag:Ab3+\r\na=ice-pwd:0123456789abcdefABCDEF\r\n")
	for _, row := range []struct{ plain, masked string }{
		{"", ""},
		{"no address", "no address"},
		{"dial tcp 192.168.1.7:4444: refused", "dial tcp 10.0.0.1:4444: refused"},
		{"192.168.1.7, 8.8.8.8 and 127.0.0.1.", "10.0.0.1, 198.18.0.1 and 127.0.0.1."},
		{"[2a00:1450::8]:443 fe80::1%eth0 ::1", "[2001:db8::1]:443 fe80::1 ::1"},
		{"1f0e.local again 1F0E.local", "host1.local again host1.local"},
		{"the ufrag Ab3+ of 0123456789abcdefABCDEF", "the ufrag ufrag001 of pwd0000000000000000001"},
		{"at 12:30:05 of 1.2.3", "at 12:30:05 of 1.2.3"},
	} {
		if got := m.words(row.plain); got != row.masked {
			t.Errorf("%q becomes %q, not %q", row.plain, got, row.masked)
		}
	}
	for _, l := range []trace.Line{
		trace.LineOf(trace.Event{Kind: trace.ChatReceived, Detail: "a secret"}),
		trace.LineOf(trace.Event{Kind: trace.RoomJoined, Detail: "a secret"}),
		trace.LineOf(trace.Event{Kind: trace.RelayLost, Err: errors.New("dial a secret"), Detail: "a secret"}),
		trace.LineOf(trace.Event{Kind: trace.RelayWarning, Detail: "a secret"}),
	} {
		if masked := m.Line(l).Append(nil); bytes.Contains(masked, []byte("secret")) {
			t.Errorf("%s is not masked", masked)
		}
	}
}

func FuzzMask(f *testing.F) {
	for _, d := range descriptions(f) {
		f.Add(d)
	}
	f.Fuzz(func(t *testing.T, plain string) {
		if sdp.Parse(plain).CheckOffer(nil) == nil {
			checkMasked(t, plain, new(Mask).SDP(plain))
		}
	})
}

// FuzzRead checks whether a file that is read can be printed, whatever is in it.
func FuzzRead(f *testing.F) {
	f.Add(written(f, true))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := file.Ladder(&out); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out.String()) {
			if line = strings.TrimSuffix(line, "\n"); line != trace.Printable(line) {
				t.Errorf("%q commands a terminal", line)
			}
		}
		if err := file.Mermaid(&out, 1); err != nil && !errors.Is(err, ErrExchange) {
			t.Fatal(err)
		}
	})
}
