package relay_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/server/relay"
)

// written is a log in memory, which the relay may go on to write.
type written struct {
	mu   sync.Mutex
	text strings.Builder
}

func (w *written) Write(text []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(text)
}

func (w *written) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

func TestLogHoldsNoSecrets(t *testing.T) {
	var log written
	s := serve(t, relay.Config{Logger: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	const room, sdp = "secretroom", "secretsdp"
	a, _ := s.join(keyA, "room", room)
	b, _ := s.join(keyB, "room", room)
	a.expectJoined(b.id)
	a.write(`{"description":{"type":"offer","sdp":"` + sdp + `"},"to":"` + b.id + `"}`)
	b.read()
	a.write(`{"` + sdp)
	a.expectError(wire.CodeBadMessage)
	a.write(`{"to":"` + sdp + `"}`)
	a.expectError(wire.CodeNotFound)
	again, _ := s.join(keyA, "room", room)
	a.expectError(wire.CodeReplaced)
	s.dial("short"+sdp, "room", room).expectError(wire.CodeBadKey)
	again.write(strings.Repeat(sdp, wire.MaxFrame/len(sdp)+1))
	again.expectError(wire.CodeTooLarge)

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = s.relay.Shutdown(ctx)
	if log.String() == "" {
		t.Fatal("nothing was logged")
	}
	for _, secret := range []string{room, sdp, keyA, keyB} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("%s is in the log:\n%s", secret, &log)
		}
	}
}
