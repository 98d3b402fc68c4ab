package relay_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"

	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/server/relay"
)

// What happens is counted, once each.
func TestTotals(t *testing.T) {
	s := serve(t, relay.Config{Version: "v1.2.3"})
	a, welcome := s.join(keyA, "room", "r")
	if welcome.Version != "v1.2.3" {
		t.Errorf("the version in welcome is %q", welcome.Version)
	}
	b, _ := s.join("", "room", "r")
	a.expectJoined(b.id)
	undisturbed(a, b)
	a.write("no JSON")
	a.expectError(wire.CodeBadMessage)
	a.write(`{"to":"nobody"}`)
	a.expectError(wire.CodeNotFound)
	c := s.dial("short", "room", "r")
	c.expectError(wire.CodeBadKey)
	c.expectClose(4400, wire.CodeBadKey)
	again, _ := s.join(keyA, "room", "r")
	a.expectError(wire.CodeReplaced)
	b.expectJoined(again.id)
	b.write(`{"pad":"` + strings.Repeat("x", wire.MaxFrame) + `"}`)
	b.expectError(wire.CodeTooLarge)
	response, err := http.Get(s.http.URL)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if _, _, err := s.connect(websocket.DefaultDialer, http.Header{"Origin": {"https://other.example"}}, "room", "r"); err == nil {
		t.Error("a page of another site is let in")
	}
	a.expectClose(4410, wire.CodeReplaced)
	b.expectClose(websocket.CloseMessageTooBig, wire.CodeTooLarge)
	again.quit()
	if err := s.relay.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.connect(websocket.DefaultDialer, nil, "room", "r"); err == nil {
		t.Error("it lets clients in after its end")
	}
	got := s.relay.Totals()
	if got.Frames < 10 || got.FrameBytes < 1000 {
		t.Errorf("%d frames of %d bytes were written", got.Frames, got.FrameBytes)
	}
	got.Frames, got.FrameBytes = 0, 0
	if diff := cmp.Diff(relay.Totals{
		Handshakes: 4,
		Joins:      3,
		Messages:   3,
		MessageBytes: uint64(len(`{"n":1}`) + len(`{"n":2,"to":""}`) + len(a.id) +
			len(`{"to":"nobody"}`)),
		Rejects: map[string]uint64{
			wire.CodeBadMessage: 1, wire.CodeNotFound: 1, wire.CodeBadKey: 1, wire.CodeShutdown: 1,
			relay.RejectNotWebSocket: 1, relay.RejectOrigin: 1,
		},
		Evictions: map[string]uint64{wire.CodeReplaced: 1, wire.CodeTooLarge: 1},
	}, got); diff != "" {
		t.Errorf("totals (-want +got):\n%s", diff)
	}
}
