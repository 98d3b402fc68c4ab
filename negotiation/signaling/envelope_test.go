package signaling

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/signaling/wire"
)

func ptr[T any](v T) *T { return &v }

// Frames between peers, encoded and decoded.
func TestEnvelope(t *testing.T) {
	for _, row := range []struct {
		wire     string
		envelope Envelope
	}{
		{`{}`, Envelope{}},
		{`{"to":"b","s":"1","r":"2"}`, Envelope{To: "b", Session: "1", PeerSession: "2"}},
		{`{"s":"1","hello":{"source":"abc","version":"v\"1","protocol":7}}`, Envelope{Session: "1", Hello: &wire.Hello{Source: "abc", Version: `v"1`, Protocol: 7}}},
		{`{"s":"1","hello":{"source":"abc","version":"","protocol":1,"trace":true}}`, Envelope{Session: "1", Hello: &wire.Hello{Source: "abc", Protocol: 1, Trace: true}}},
		{`{"to":"b","bye":true}`, Envelope{To: "b", Bye: true}},
		{
			`{"to":"b","s":"1","r":"2","description":{"type":"offer","sdp":"v=0\r\n"}}`,
			Envelope{To: "b", Session: "1", PeerSession: "2", Message: &negotiation.Message{
				Description: &webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: "v=0\r\n"},
			}},
		},
		{
			`{"candidate":{"candidate":"candidate:1","sdpMid":"0","sdpMLineIndex":3,"usernameFragment":"u"}}`,
			Envelope{Message: &negotiation.Message{Candidate: &webrtc.ICECandidateInit{
				Candidate: "candidate:1", SDPMid: ptr("0"), SDPMLineIndex: ptr(uint16(3)), UsernameFragment: ptr("u"),
			}}},
		},
		{`{"to":"b","candidate":{"candidate":""}}`, Envelope{To: "b", Message: &negotiation.Message{Candidate: &webrtc.ICECandidateInit{}}}},
		{`{"to":"b","candidate":null}`, Envelope{To: "b", Message: &negotiation.Message{}}},
	} {
		wire, err := row.envelope.MarshalJSON()
		if err != nil || string(wire) != row.wire {
			t.Errorf("%+v is %s, %v, want %s", row.envelope, wire, err, row.wire)
		}
		var e Envelope
		if err := e.UnmarshalJSON([]byte(row.wire)); err != nil {
			t.Errorf("%s: %v", row.wire, err)
		}
		if diff := cmp.Diff(row.envelope, e, cmpopts.IgnoreUnexported(webrtc.SessionDescription{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.wire, diff)
		}
	}
}

// Frames from the relay and from browsers, decoded.
func TestEnvelopeReceived(t *testing.T) {
	for _, row := range []struct {
		wire     string
		envelope Envelope
	}{
		{
			`{"welcome":{"id":"a","room":"r","peers":[{"id":"b","role":"polite"},{"id":"c","rank":0}],"iceServers":[{"urls":["stun:x"],"username":"u","credential":"c"}]}}`,
			Envelope{Welcome: &wire.Welcome{
				ID: "a", Room: "r", Protocol: 1,
				Peers:      []wire.Member{{ID: "b", Role: "polite"}, {ID: "c", Rank: ptr(0)}},
				ICEServers: []wire.ICEServer{{URLs: []string{"stun:x"}, Username: "u", Credential: "c"}},
			}},
		},
		{`{"iceServers":[]}`, Envelope{ICEServers: []wire.ICEServer{}}},
		{`{"iceServers":[{"urls":["turn:x"],"username":"u","credential":"c"},{}]}`, Envelope{ICEServers: []wire.ICEServer{{URLs: []string{"turn:x"}, Username: "u", Credential: "c"}, {}}}},
		{`{"iceServers":{"urls":["turn:x"]}}`, Envelope{}},
		{`{"joined":{"id":"b","role":"impolite","rank":3}}`, Envelope{Joined: &wire.Member{ID: "b", Role: "impolite", Rank: ptr(3)}}},
		{`{"left":{"id":"b"}}`, Envelope{Left: &wire.Left{ID: "b"}}},
		{`{"error":{"code":"slow","message":"too slow"}}`, Envelope{Error: &wire.Error{Code: "slow", Message: "too slow"}}},
		{`{"error":{"code":"shutdown","message":"later","retryAfter":1.5}}`, Envelope{Error: &wire.Error{Code: "shutdown", Message: "later", RetryAfter: 1.5}}},
		{`{"error":{"code":"shutdown","message":"later","retryAfter":"soon"}}`, Envelope{Error: &wire.Error{Code: "shutdown", Message: "later"}}},
		{`{"welcome":{"id":"a","role":"polite"}}`, Envelope{Welcome: &wire.Welcome{ID: "a", Protocol: 1, Role: wire.Polite}}},
		{`{"welcome":{"id":"a","version":"v1"}}`, Envelope{Welcome: &wire.Welcome{ID: "a", Protocol: 1, Version: "v1"}}},
		{`{"from":"b","candidate":{"candidate":"c","sdpMid":null,"sdpMLineIndex":null,"usernameFragment":null}}`, Envelope{From: "b", Message: &negotiation.Message{Candidate: &webrtc.ICECandidateInit{Candidate: "c"}}}},
		{`{"from":"b","description":null,"candidate":null}`, Envelope{From: "b", Message: &negotiation.Message{}}},
		{`{"from":7,"s":[],"hello":"x","joined":[],"bye":"yes","unknown":{"a":1}}`, Envelope{}},
	} {
		var e Envelope
		if err := e.UnmarshalJSON([]byte(row.wire)); err != nil {
			t.Errorf("%s: %v", row.wire, err)
		}
		if diff := cmp.Diff(row.envelope, e, cmpopts.IgnoreUnexported(webrtc.SessionDescription{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.wire, diff)
		}
	}
}

// A missing protocol number, or one that is not whole, means the first
// protocol.
func TestEnvelopeProtocol(t *testing.T) {
	for stated, want := range map[string]int{
		``:                  1,
		`,"protocol":1`:     1,
		`,"protocol":99`:    99,
		`,"protocol":0`:     0,
		`,"protocol":-1`:    -1,
		`,"protocol":null`:  1,
		`,"protocol":"2"`:   1,
		`,"protocol":1.5`:   1,
		`,"protocol":1e2`:   1,
		`,"protocol":[0]`:   1,
		`,"protocol":{}`:    1,
		`,"protocol":false`: 1,
		`,"protocol":1` + strings.Repeat("0", 30): 1,
	} {
		var e Envelope
		if err := e.UnmarshalJSON([]byte(`{"welcome":{"id":"a"` + stated + `},"hello":{"source":"s"` + stated + `}}`)); err != nil {
			t.Errorf("%s: %v", stated, err)
			continue
		}
		if e.Welcome.Protocol != want || e.Hello.Protocol != want {
			t.Errorf("%s: welcome %d, hello %d, want %d", stated, e.Welcome.Protocol, e.Hello.Protocol, want)
		}
	}
}

func TestBadMessages(t *testing.T) {
	for wire, words := range map[string]string{
		`{"description":"offer"}`:                                "not an object",
		`{"description":{}}`:                                     "not strings",
		`{"description":{"type":"offer","sdp":1}}`:               "not strings",
		`{"description":{"type":"proposal","sdp":""}}`:           "no type",
		`{"candidate":"candidate:1"}`:                            "not an object",
		`{"candidate":{"candidate":1}}`:                          "not a string",
		`{"candidate":{"candidate":"","sdpMLineIndex":-1}}`:      "not a number",
		`{"candidate":{"candidate":"","sdpMLineIndex":65536}}`:   "not a number",
		`{"candidate":{"candidate":"","usernameFragment":{}}}`:   "not a string",
		`{"candidate":{"candidate":"","sdpMLineIndex":"first"}}`: "not a number",
	} {
		var e Envelope
		if err := e.UnmarshalJSON([]byte(wire)); err != nil {
			t.Errorf("%s: %v", wire, err)
		}
		if e.Message != nil || e.BadMessage == nil || !strings.Contains(e.BadMessage.Error(), words) {
			t.Errorf("%s: message %v, error %v, want one that says %q", wire, e.Message, e.BadMessage, words)
		}
	}
	var e Envelope
	for _, wire := range []string{``, `{`, `no JSON`} {
		if err := e.UnmarshalJSON([]byte(wire)); err == nil {
			t.Errorf("%q is a frame", wire)
		}
	}
}

func TestSendLimits(t *testing.T) {
	c := &Client{}
	if err := c.Send(Envelope{To: "b"}); !errors.Is(err, ErrNotConnected) {
		t.Errorf("not connected: %v", err)
	}
	c.out = make(chan []byte, 1)
	if err := c.Send(Envelope{To: strings.Repeat("b", wire.MaxFrame)}); err == nil || !strings.Contains(err.Error(), "limit") {
		t.Errorf("too large: %v", err)
	}
	if err := c.Send(Envelope{To: "b"}); err != nil {
		t.Error(err)
	}
	if err := c.Send(Envelope{To: "b"}); !errors.Is(err, ErrSlow) {
		t.Errorf("too many: %v", err)
	}
}
