package trace

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// linesEvery is how often a [Paced] log has a line when there are too many.
const linesEvery = 100 * time.Millisecond

// Paced is a log in which another peer cannot write without end: beyond a number of
// lines at once, ten lines a second are written, and each second how many were not.
// Lines are made printable. It may be used from any goroutine.
type Paced struct {
	// Note returns the line for what the log says of itself; nil: that is one. Set it first.
	Note func(text string) string

	write  func(line string)
	atOnce time.Duration // how far ahead of linesEvery it may be

	mu   sync.Mutex
	due  time.Time // when all lines would have been written, linesEvery
	left int       // lines that were not
}

// NewPaced returns a log whose lines are given to write.
func NewPaced(atOnce int, write func(line string)) *Paced {
	return &Paced{write: write, atOnce: time.Duration(atOnce-1) * linesEvery}
}

// PacedWriter returns a writer for a log of which each entry is one Write, as that of
// pion is.
func PacedWriter(atOnce int, w io.Writer) *Paced {
	return NewPaced(atOnce, func(line string) { _, _ = io.WriteString(w, line+"\n") })
}

// Write implements [io.Writer] for an entry of a log.
func (p *Paced) Write(entry []byte) (int, error) {
	p.Print(strings.TrimSuffix(string(entry), "\n"))
	return len(entry), nil
}

// Print writes a line, or counts it.
func (p *Paced) Print(line string) { p.PrintStyled(Printable(line)) }

// PrintStyled is Print for a line that is printable but for what its writer has put there,
// such as colours.
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
