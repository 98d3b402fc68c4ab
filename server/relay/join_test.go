package relay_test

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"

	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/server/relay"
)

const (
	keyA = "AAAAAAAAAAAAAAAAAAAAAA"
	keyB = "BBBBBBBBBBBBBBBBBBBBBB"
)

// A client that may not join is told why over the WebSocket, and the two peers
// of the room notice nothing.
func TestRefusedJoins(t *testing.T) {
	const polite, impolite = string(wire.Polite), string(wire.Impolite)
	for name, tt := range map[string]struct {
		a, b  string // roles of the peers in the room "r"
		key   string
		query []string
		code  string
		close int
	}{
		"no room":                     {query: nil, code: wire.CodeBadRoom, close: 4400},
		"room empty":                  {query: []string{"room", ""}, code: wire.CodeBadRoom, close: 4400},
		"room only spaces":            {query: []string{"room", " \u00a0 "}, code: wire.CodeBadRoom, close: 4400},
		"room of 65 letters":          {query: []string{"room", strings.Repeat("x", 65)}, code: wire.CodeBadRoom, close: 4400},
		"room with newline":           {query: []string{"room", "r\n"}, code: wire.CodeBadRoom, close: 4400},
		"room with C1 control":        {query: []string{"room", "r\u0085"}, code: wire.CodeBadRoom, close: 4400},
		"room not UTF-8":              {query: []string{"room", "r\xff"}, code: wire.CodeBadRoom, close: 4400},
		"role unknown":                {query: []string{"room", "r", "role", "rude"}, code: wire.CodeBadRole, close: 4400},
		"role in capitals":            {query: []string{"room", "r", "role", "Polite"}, code: wire.CodeBadRole, close: 4400},
		"rank not a number":           {query: []string{"room", "r", "rank", "high"}, code: wire.CodeBadRank, close: 4400},
		"rank negative":               {query: []string{"room", "r", "rank", "-1"}, code: wire.CodeBadRank, close: 4400},
		"rank over 1000":              {query: []string{"room", "r", "rank", "1001"}, code: wire.CodeBadRank, close: 4400},
		"rank a fraction":             {query: []string{"room", "r", "rank", "1.5"}, code: wire.CodeBadRank, close: 4400},
		"rank huge":                   {query: []string{"room", "r", "rank", strings.Repeat("9", 99)}, code: wire.CodeBadRank, close: 4400},
		"protocol too old":            {query: []string{"room", "r", "protocol", "0"}, code: wire.CodeBadProtocol, close: 4400},
		"protocol negative":           {query: []string{"room", "r", "protocol", "-1"}, code: wire.CodeBadProtocol, close: 4400},
		"key of 21 characters":        {key: keyA[1:], query: []string{"room", "r"}, code: wire.CodeBadKey, close: 4400},
		"key of 65 characters":        {key: strings.Repeat("k", 65), query: []string{"room", "r"}, code: wire.CodeBadKey, close: 4400},
		"key not base64url":           {key: keyA + ".", query: []string{"room", "r"}, code: wire.CodeBadKey, close: 4400},
		"two keys":                    {key: keyA + ", " + wire.KeyPrefix + keyB, query: []string{"room", "r"}, code: wire.CodeBadKey, close: 4400},
		"polite is taken":             {a: polite, query: []string{"room", "r", "role", polite}, code: wire.CodeRoleTaken, close: 4409},
		"impolite is taken":           {a: polite, b: impolite, query: []string{"room", "r", "role", impolite}, code: wire.CodeRoleTaken, close: 4409},
		"two roles, third without":    {a: polite, b: impolite, query: []string{"room", "r"}, code: wire.CodeRoomFull, close: 4409},
		"one role, third without":     {a: polite, query: []string{"room", "r"}, code: wire.CodeRoomFull, close: 4409},
		"one role, third the other":   {a: polite, query: []string{"room", "r", "role", impolite}, code: wire.CodeRoomFull, close: 4409},
		"no roles, third with a role": {query: []string{"room", "r", "role", impolite}, code: wire.CodeRoomFull, close: 4409},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, relay.Config{})
			a, _ := s.join("", "room", "r", "role", tt.a)
			b, _ := s.join("", "room", "r", "role", tt.b)
			a.expectJoined(b.id)
			c := s.dial(tt.key, tt.query...)
			c.expectError(tt.code)
			c.expectClose(tt.close, tt.code)
			undisturbed(a, b)
		})
	}
}

// A client that states no protocol, nonsense or a newer one is let in, and told which
// one the relay speaks.
func TestProtocols(t *testing.T) {
	s := serve(t, relay.Config{})
	for i, stated := range []string{"", "1", "99", "new", "1.5", strings.Repeat("9", 99)} {
		if _, welcome := s.join("", "room", fmt.Sprint("r", i), "protocol", stated); welcome.Protocol != wire.Protocol {
			t.Errorf("to %q the relay speaks %d", stated, welcome.Protocol)
		}
	}
	c := s.dial("", "room", "r", "protocol", "0")
	if e := c.read(); e.Error == nil || !strings.Contains(e.Error.Message, "protocol 0, and at least 1") || !strings.Contains(e.Error.Message, "update") {
		t.Errorf("it says %+v", e.Error)
	}
}

func TestRoomFull(t *testing.T) {
	s := serve(t, relay.Config{PeersPerRoom: 2})
	a, b := s.pair("r")
	c := s.dial("", "room", "r")
	c.expectError(wire.CodeRoomFull)
	c.expectClose(4409, wire.CodeRoomFull)
	undisturbed(a, b)
	b.quit()
	a.expectLeft(b.id)
	d, _ := s.join("", "room", "r")
	a.expectJoined(d.id)
}

// Messages that a refused client still sends go nowhere.
func TestRefusedClientIsNotHeard(t *testing.T) {
	s := serve(t, relay.Config{PeersPerRoom: 2})
	a, b := s.pair("r")
	c := s.dial("", "room", "r")
	c.write(`{"n":"refused"}`)
	c.expectError(wire.CodeRoomFull)
	c.expectClose(4409, wire.CodeRoomFull)
	undisturbed(a, b)
}

func TestLongestNameAndHighestRank(t *testing.T) {
	s := serve(t, relay.Config{})
	room := strings.Repeat("é", 32)
	a, welcome := s.join("", "room", room, "rank", "1000")
	if welcome.Room != room {
		t.Fatalf("room %q", welcome.Room)
	}
	_, welcome = s.join("", "room", room, "rank", "")
	if diff := cmp.Diff([]wire.Member{{ID: a.id, Rank: new(1000)}}, welcome.Peers); diff != "" {
		t.Fatalf("peers (-want +got):\n%s", diff)
	}
}

func TestRolesAreTold(t *testing.T) {
	s := serve(t, relay.Config{})
	a, _ := s.join("", "room", "r", "role", "polite")
	b, welcome := s.join("", "room", "r", "role", "impolite", "rank", "0")
	if diff := cmp.Diff([]wire.Member{{ID: a.id, Role: "polite"}}, welcome.Peers); diff != "" {
		t.Fatalf("peers (-want +got):\n%s", diff)
	}
	a.expectText(`{"joined":{"id":"` + b.id + `","role":"impolite","rank":0}}`)
}

func TestIDIsFingerprintOfKey(t *testing.T) {
	s := serve(t, relay.Config{})
	for _, key := range []string{keyA, strings.Repeat("-_zZ09", 10) + "abcd"} {
		sum := sha256.Sum256([]byte(key))
		want := strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:10]))
		if c, _ := s.join(key, "room", "r"); c.id != want {
			t.Errorf("key %s: id %s, want %s", key, c.id, want)
		}
	}
	a, _ := s.join("", "room", "r")
	b, _ := s.join("", "room", "r")
	if a.id == b.id || len(a.id) != 16 {
		t.Errorf("ids without key: %q, %q", a.id, b.id)
	}
}

func TestSameKeyInOtherRoomIsAnotherMember(t *testing.T) {
	s := serve(t, relay.Config{})
	a, _ := s.join(keyA, "room", "one")
	s.join(keyA, "room", "two")
	b, welcome := s.join("", "room", "one")
	if len(welcome.Peers) != 1 || welcome.Peers[0].ID != a.id {
		t.Fatalf("peers %+v", welcome.Peers)
	}
	a.expectJoined(b.id)
	undisturbed(a, b)
}

func TestReplacement(t *testing.T) {
	s := serve(t, relay.Config{})
	old, _ := s.join(keyA, "room", "r", "rank", "1")
	b, _ := s.join(keyB, "room", "r")
	c, _ := s.join("", "room", "r")
	old.expectJoined(b.id)
	old.expectJoined(c.id)
	b.expectJoined(c.id)

	a, welcome := s.join(keyA, "room", "r", "rank", "2")
	if a.id != old.id {
		t.Fatalf("id %s, want %s", a.id, old.id)
	}
	if diff := cmp.Diff([]wire.Member{{ID: b.id}, {ID: c.id}}, welcome.Peers); diff != "" {
		t.Fatalf("peers (-want +got):\n%s", diff)
	}
	for _, other := range []*client{b, c} {
		other.expectText(`{"joined":{"id":"` + a.id + `","rank":2}}`)
	}
	old.expectError(wire.CodeReplaced)
	old.expectClose(4410, wire.CodeReplaced)
	old.quit()

	// It kept its place, and no peer was told that it left.
	d, welcome := s.join("", "room", "r")
	if diff := cmp.Diff([]wire.Member{{ID: a.id, Rank: new(2)}, {ID: b.id}, {ID: c.id}}, welcome.Peers); diff != "" {
		t.Fatalf("peers (-want +got):\n%s", diff)
	}
	for _, other := range []*client{a, b, c} {
		other.expectJoined(d.id)
	}
	undisturbed(a, b)
}

// A client has given a dial up and made another one; then the first arrives.
func TestALateDial(t *testing.T) {
	s := serve(t, relay.Config{})
	a, _ := s.join(keyA, "room", "r", "dial", "me.2")
	late := s.dial(keyA, "room", "r", "dial", "me.1")
	late.expectError(wire.CodeReplaced)
	undisturbed(a, func() *client { b, _ := s.join("", "room", "r"); a.expectJoined(b.id); return b }())

	for _, dial := range []string{"me.3", "another.1", "", "nonsense", "me.-1"} {
		next, _ := s.join(keyA, "room", "r", "dial", dial)
		a.expectError(wire.CodeReplaced)
		a = next
	}
}

// Messages in flight on the old connection when the new one is announced are
// not relayed after that.
func TestReplacedConnectionIsNotHeard(t *testing.T) {
	s := serve(t, relay.Config{QueueMessages: 1 << 20, QueueBytes: 1 << 30})
	old, _ := s.join(keyA, "room", "r")
	b, _ := s.join(keyB, "room", "r")
	old.expectJoined(b.id)

	started, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for i := range 100_000 {
			if old.ws.WriteMessage(websocket.TextMessage, []byte(`{"s":"old"}`)) != nil {
				return
			}
			if i == 100 {
				close(started)
			}
		}
	}()
	heard := make(chan []envelope)
	go func() {
		var after []envelope
		replaced := false
		for {
			var e envelope
			if b.ws.ReadJSON(&e) != nil {
				break
			}
			replaced = replaced || e.Joined != nil
			if replaced {
				after = append(after, e)
			}
			if e.Session == "new" {
				break
			}
		}
		heard <- after
	}()
	<-started
	a, _ := s.join(keyA, "room", "r")
	old.expectError(wire.CodeReplaced) // it lives on until it is told
	<-stopped
	a.write(`{"s":"new"}`)
	want := []envelope{{Joined: &wire.Member{ID: a.id}}, {From: a.id, Session: "new"}}
	if diff := cmp.Diff(want, <-heard); diff != "" {
		t.Fatalf("after the replacement (-want +got):\n%s", diff)
	}
}

func TestReplacementMayAskForItsRole(t *testing.T) {
	s := serve(t, relay.Config{})
	old, _ := s.join(keyA, "room", "r", "role", "polite")
	b, _ := s.join(keyB, "room", "r", "role", "impolite")
	old.expectJoined(b.id)

	a, _ := s.join(keyA, "room", "r", "role", "polite")
	b.expectText(`{"joined":{"id":"` + a.id + `","role":"polite"}}`)
	old.expectError(wire.CodeReplaced)
	undisturbed(a, b)

	// But not for the other peer's role; and then it is not replaced.
	c := s.dial(keyA, "room", "r", "role", "impolite")
	c.expectError(wire.CodeRoleTaken)
	undisturbed(a, b)
}
