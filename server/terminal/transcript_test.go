package terminal

import (
	"strings"
	"sync"
	"testing"
	"time"
)

const patience = 20 * time.Second

// transcript keeps what is written to it.
type transcript struct {
	mu   sync.Mutex
	text strings.Builder
	more chan struct{} // closed when something is written; nil: nobody waits
}

func (w *transcript) Write(text []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.more != nil {
		close(w.more)
		w.more = nil
	}
	return w.text.Write(text)
}

func (w *transcript) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// await waits until the words have been written.
func (w *transcript) await(t *testing.T, words string) {
	t.Helper()
	w.awaitTimes(t, words, 1)
}

// awaitTimes waits until the words have been written so many times.
func (w *transcript) awaitTimes(t *testing.T, words string, n int) {
	t.Helper()
	timeout := time.After(patience)
	for {
		w.mu.Lock()
		text := w.text.String()
		if w.more == nil {
			w.more = make(chan struct{})
		}
		more := w.more
		w.mu.Unlock()
		if strings.Count(text, words) >= n {
			return
		}
		select {
		case <-more:
		case <-timeout:
			t.Fatalf("%q is not in\n%s", words, text)
		}
	}
}
