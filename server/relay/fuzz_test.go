package relay_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/server/relay"
)

// Whatever bytes a member sends, the others receive only JSON objects in valid UTF-8
// that say who they are from, and another room hears nothing.
func FuzzRelayFrame(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"to":"a"}`, `{"from":"x","FROM":"y"}`, `{"\u0066rom":{},"n":1}`, `{"welcome":{}}`, `{"LEFT":1}`, `{"\u006aoined":1}`,
		"{\"n\":\"\xff\"}", "{\"n\":\"\xed\xa0\x80\"}", `{"n":01}`, `[]`, "\ufeff{}", `{"n":1}{"n":2}`, `{"error":null}`, `{"iceſERVER\u017f":1}`, "",
	} {
		f.Add([]byte(raw(opText, seed)))
		f.Add([]byte(raw(opText, seed) + raw(opPing, "p") + raw(opText, `{"n":2}`)))
	}
	for _, frames := range []string{
		"\x01\x80\x00\x00\x00\x00" + "\x80\x82\x00\x00\x00\x00{}",                   // in two fragments
		"\x01\x81\x00\x00\x00\x00{" + raw(opPing, "") + "\x80\x81\x00\x00\x00\x00}", // with a ping between
		"\x81\x82\x01\x02\x03\x04zz", "\x81\x02{}", "\xc1\x80\x00\x00\x00\x00", "\x82\x82\x00\x00\x00\x00{}", "\x88\x80\x00\x00\x00\x00",
		"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00", "\x8a\xfe\x00\x7e\x00\x00\x00\x00" + strings.Repeat("x", 126),
	} {
		f.Add([]byte(frames))
	}
	s := serve(f, relay.Config{
		BytesPerSecond: 1 << 40, BytesPerAddress: 1 << 40, MessagesPerAddress: 1 << 40, ConnectsPerAddress: 1 << 40, NewcomersPerRoom: 1 << 40,
	})
	forever := func(c *client) *client {
		_ = c.ws.SetReadDeadline(time.Time{})
		return c
	}
	joined := func(room string) *client {
		c, _ := s.join("", "room", room)
		return forever(c)
	}
	witness, elsewhere := joined("r"), joined("elsewhere")
	dialer := websocket.Dialer{}
	f.Fuzz(func(t *testing.T, data []byte) {
		witness.t, elsewhere.t = t, t
		ws, _, err := dialer.Dial(strings.Replace(s.http.URL, "http", "ws", 1)+"/ws?room=r", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer ws.Close()
		_, welcome, err := ws.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		var in envelope
		if err := json.Unmarshal(welcome, &in); err != nil || in.Welcome == nil {
			t.Fatalf("the welcome is %q", welcome)
		}
		id := in.Welcome.ID
		witness.expectJoined(id)
		_, _ = ws.UnderlyingConn().Write(data)
		ws.UnderlyingConn().Close()

		for {
			kind, text, err := witness.ws.ReadMessage()
			if err != nil {
				t.Fatal(err)
			}
			if string(text) == `{"left":{"id":"`+id+`"}}` {
				break
			}
			if kind != websocket.TextMessage || !utf8.Valid(text) || !json.Valid(text) || !bytes.HasPrefix(text, []byte(`{"from":"`+id+`"`)) {
				t.Fatalf("the witness hears %q", text)
			}
			members := map[string]json.RawMessage{}
			if err := json.Unmarshal(text, &members); err != nil {
				t.Fatalf("the witness hears %q: %v", text, err)
			}
			for name := range members {
				if lower := strings.ToLower(name); lower != name && lower == "from" || lower == "welcome" || lower == "joined" || lower == "left" || lower == "error" {
					t.Fatalf("the witness hears %q", text)
				}
			}
			if len(text) > wire.MaxFrame+64 {
				t.Fatalf("%d bytes were passed on", len(text))
			}
		}
		elsewhere.write(`{"to":"` + elsewhere.id + `"}`)
		elsewhere.expectText(`{"from":"` + elsewhere.id + `","to":"` + elsewhere.id + `"}`)
	})
}
