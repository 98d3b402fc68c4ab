package trace

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// linesEvery is the interval between lines of a [Paced] log that is over its limit.
const linesEvery = 100 * time.Millisecond

// Paced is a log that another peer cannot flood: after a burst it writes at most ten
// lines a second, and each second the number of lines omitted. Lines are made
// printable. It may be used from any goroutine.
type Paced struct {
	// Note formats the log's own line about omitted lines; nil: it is written as it
	// is. Set it before the first use.
	Note func(text string) string

	write  func(line string)
	atOnce time.Duration // burst, as time ahead of linesEvery

	mu   sync.Mutex
	due  time.Time // when all lines would have been written, one per linesEvery
	left int       // lines omitted
}

// NewPaced returns a log that passes its lines to write, after a burst of atOnce
// lines at most ten a second.
func NewPaced(atOnce int, write func(line string)) *Paced {
	return &Paced{write: write, atOnce: time.Duration(atOnce-1) * linesEvery}
}

// PacedWriter returns a Paced log over w, for loggers such as pion's that write each
// entry with one Write.
func PacedWriter(atOnce int, w io.Writer) *Paced {
	return NewPaced(atOnce, func(line string) { _, _ = io.WriteString(w, line+"\n") })
}

// Write implements [io.Writer]: it writes one entry of a log.
func (p *Paced) Write(entry []byte) (int, error) {
	p.Print(strings.TrimSuffix(string(entry), "\n"))
	return len(entry), nil
}

// Print writes a line, or counts it as omitted.
func (p *Paced) Print(line string) { p.PrintStyled(Printable(line)) }

// PrintStyled is Print for a line that is printable except for what the caller has
// added, such as colours.
func (p *Paced) PrintStyled(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if p.due.Before(now) {
		p.due = now
	}
	if p.due.Sub(now) > p.atOnce {
		if p.left++; p.left == 1 {
			time.AfterFunc(time.Second, p.tell)
		}
		return
	}
	p.due = p.due.Add(linesEvery)
	p.write(line)
}

func (p *Paced) tell() {
	p.mu.Lock()
	defer p.mu.Unlock()
	text := fmt.Sprintf("(%d more lines)", p.left)
	if p.Note != nil {
		text = p.Note(text)
	}
	p.write(text)
	p.left = 0
}
