package e2e

import (
	"strings"
	"sync"
	"testing"
)

// transcript keeps what is written to it.
type transcript struct {
	mu   sync.Mutex
	text strings.Builder
}

func (w *transcript) Write(text []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(text)
}

func (w *transcript) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// awaitLog waits until a program has written the words.
func awaitLog(t *testing.T, log *transcript, words string) {
	t.Helper()
	await(t, "it says "+words, func() bool { return strings.Contains(log.String(), words) })
}
