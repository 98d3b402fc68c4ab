// Package logs is the server's log: lines of text or JSON, of which clients, whatever
// they do, cause only so many.
package logs

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"
)

const (
	perSecond = 10  // lines of a kind
	maxKinds  = 200 // that are told apart; all further ones count as one
)

// New returns a logger that writes lines of a level and above to w, one Write for each:
// JSON, or text as [slog.TextHandler] writes it.
//
// Of lines that have level and message in common it writes 10 a second. The rest is
// counted: when the second is over, one more line has the attribute omitted instead of
// their own. So messages must be constants, and what differs be attributes.
func New(w io.Writer, json bool, level slog.Level) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	var next slog.Handler = slog.NewTextHandler(w, options)
	if json {
		next = slog.NewJSONHandler(w, options)
	}
	return slog.New(paced{next, &counts{log: next, kinds: map[kind]*count{}}})
}

// paced is a handler that counts what would be too much.
type paced struct {
	slog.Handler
	counts *counts // of all handlers that were derived from one
}

type counts struct {
	log slog.Handler // for the numbers of lines that were omitted

	mu    sync.Mutex
	kinds map[kind]*count
}

type kind struct {
	level   slog.Level
	message string
}

// count is what happened to lines of a kind in this second.
type count struct {
	until            time.Time // end of the second
	written, omitted int
}

// Handle implements [slog.Handler].
func (p paced) Handle(ctx context.Context, r slog.Record) error {
	if !p.counts.admit(kind{r.Level, r.Message}) {
		return nil
	}
	return p.Handler.Handle(ctx, r)
}

// admit reports whether a line may be written, or is counted as omitted.
func (c *counts) admit(k kind) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kinds[k] == nil && len(c.kinds) >= maxKinds {
		k = kind{slog.LevelWarn, "lines of further kinds"}
	}
	n := c.kinds[k]
	if n == nil {
		n = new(count)
		c.kinds[k] = n
	}
	now := time.Now()
	if !now.Before(n.until) {
		n.until, n.written = now.Add(time.Second), 0
	}
	if n.written < perSecond {
		n.written++
		return true
	}
	if n.omitted++; n.omitted == 1 {
		time.AfterFunc(n.until.Sub(now), func() { c.tell(k, n) })
	}
	return false
}

func (c *counts) tell(k kind, n *count) {
	c.mu.Lock()
	r := slog.NewRecord(time.Now(), k.level, k.message, 0)
	r.AddAttrs(slog.Int("omitted", n.omitted))
	n.omitted = 0
	c.mu.Unlock()
	_ = c.log.Handle(context.Background(), r) // slog ignores it, too
}

// WithAttrs implements [slog.Handler].
func (p paced) WithAttrs(attrs []slog.Attr) slog.Handler {
	return paced{p.Handler.WithAttrs(attrs), p.counts}
}

// WithGroup implements [slog.Handler].
func (p paced) WithGroup(name string) slog.Handler {
	return paced{p.Handler.WithGroup(name), p.counts}
}

// Writer returns a writer for a program that logs text, such as [net/http]: what it
// writes at once is the attribute error of a warning with this message.
func Writer(log *slog.Logger, message string) io.Writer { return writer{log, message} }

type writer struct {
	log     *slog.Logger
	message string
}

func (w writer) Write(text []byte) (int, error) {
	w.log.Warn(w.message, "error", strings.TrimSuffix(string(text), "\n"))
	return len(text), nil
}
