package relay

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"perfect-negotiation/negotiation/signaling/wire"
)

// oracle is peek and stamp by the book, with encoding/json. ok is false for
// messages that must be refused.
func oracle(data []byte, from string) (to string, addressed bool, members []member, ok bool) {
	if !utf8.Valid(data) || depth(data) > wire.MaxDepth {
		return "", false, nil, false
	}
	members, ok = parse(data)
	if !ok {
		return "", false, nil, false
	}
	for _, m := range members {
		switch {
		case m.key == "to":
			if m.value[0] != '"' || json.Unmarshal(m.value, &to) != nil {
				return "", false, nil, false
			}
			addressed = true
		case strings.EqualFold(m.key, "to"):
			return "", false, nil, false
		}
		for _, owned := range []string{"welcome", "joined", "left", "iceServers", "error"} {
			if strings.EqualFold(m.key, owned) {
				return "", false, nil, false
			}
		}
	}
	members = slices.DeleteFunc(members, func(m member) bool { return strings.EqualFold(m.key, "from") })
	members = slices.Insert(members, 0, member{"from", json.RawMessage(`"` + from + `"`)})
	return to, addressed, members, true
}

type member struct {
	key   string
	value json.RawMessage
}

// parse returns the members of an object in their order.
func parse(data []byte) (members []member, ok bool) {
	if !json.Valid(data) {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(data))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, false
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, false
		}
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return nil, false
		}
		members = append(members, member{key.(string), value})
	}
	return members, true
}

// depth is how deep the valid JSON in data is nested.
func depth(data []byte) (deepest int) {
	d := json.NewDecoder(bytes.NewReader(data))
	for now := 0; ; {
		token, err := d.Token()
		if err != nil {
			return deepest
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			now++
			deepest = max(deepest, now)
		case json.Delim('}'), json.Delim(']'):
			now--
		}
	}
}

func FuzzPeek(f *testing.F) {
	for _, seed := range []string{
		`{}`, ` { } `, `{"to":"b"}`, `{"\u0074o":"\u0062"}`, `{"TO":"b"}`, `{"to":1}`, `{"to":"a","to":"b"}`,
		`{"from":"x"}`, `{"From":"x","n":1,"\u0066ROM":[]}`, `{"n":1,"from":{"from":[]} ,"m":2}`,
		`{"welcome":{}}`, `{"joinED":{}}`, `{"l\u0065ft":{}}`, `{"error":null}`, `{"welcomes":1,"ſ":2,"K":3}`,
		`{"description":{"type":"offer","sdp":"v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\n"},"to":"abcdefghij234567"}`,
		`{"candidate":null}`, `{"n":{"to":"a","left":1}}`, `{"n":-0.5e+10,"m":[true,false,null,"\\\"\/\b\f\n\r\t\ud83d\ude00"]}`,
		`{"n":01}`, `{"n":1.}`, `{"n":-}`, `{"n":1e}`, `{"n":+1}`, `{"n":tru}`, `{"n":"\x"}`, `{"n":"\u12g4"}`,
		`{"n":1,}`, `{,}`, `{"n"}`, `{"n":}`, `{"n" 1}`, `{n:1}`, `{}{}`, `[]`, `"{}"`, `null`, ``, `{`, `{"`, `{"a":"\`,
		"{\"n\":\"\xff\"}", "{\"n\":\"\x00\"}", "{\"n\x00\":1}", "\ufeff{}", "{\"\\u0000\":1,\"to\\u0000\":2,\"\\u0074\\u006F\\u0000\":\"a\"}",
		`{"n":` + strings.Repeat("[", 63) + strings.Repeat("]", 63) + `}`,
		`{"n":` + strings.Repeat(`{"n":`, 64) + `1` + strings.Repeat("}", 64) + `}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		const from = "abcdefghij234567"
		to, addressed, members, ok := oracle(data, from)
		e, err := peek(data)
		if (err == nil) != ok {
			t.Fatalf("peek(%q): %v, want ok %v", data, err, ok)
		}
		if !ok {
			return
		}
		if e.to != to || e.addressed != addressed {
			t.Fatalf("peek(%q): to %q, %v, want %q, %v", data, e.to, e.addressed, to, addressed)
		}
		original := bytes.Clone(data)
		stamped := e.stamp(data, from).data
		if !bytes.Equal(data, original) {
			t.Fatalf("stamp changed its input %q to %q", original, data)
		}
		got, ok := parse(stamped)
		if !ok || !slices.EqualFunc(got, members, func(a, b member) bool { return a.key == b.key && bytes.Equal(a.value, b.value) }) {
			t.Fatalf("stamp(%q) is %q, want the members %q", data, stamped, members)
		}
	})
}
