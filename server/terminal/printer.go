package terminal

import (
	"fmt"
	"io"
	"sync"
	"time"
)

const (
	maxUnwritten = 1 << 20         // bytes that wait to be written
	writeTimeout = 2 * time.Second // at the end
)

// printer writes text on a goroutine of its own, so that an output that nobody
// reads stops nobody.
type printer struct {
	name  string // of the output
	out   io.Writer
	style style
	log   *printer // is told what is lost; nil: this one
	wake  chan struct{}
	done  chan struct{}

	mu     sync.Mutex
	text   []byte // that waits
	lost   int    // prints since it was full
	closed bool
}

func newPrinter(name string, out io.Writer, s style, log *printer) *printer {
	p := &printer{name: name, out: out, style: s, log: log, wake: make(chan struct{}, 1), done: make(chan struct{})}
	if log == nil {
		p.log = p
	}
	return p
}

// note has a line written that is said to the user and is no event.
func (p *printer) note(text string) { p.print(p.style.note(text)) }

// print has a line written. It never blocks: if too many wait, the line is lost,
// and the log tells.
func (p *printer) print(line string) {
	p.mu.Lock()
	full := len(p.text) > 0 && len(p.text)+len(line) >= maxUnwritten
	first := full && p.lost == 0
	if full {
		p.lost++
	} else {
		p.text = append(append(p.text, line...), '\n')
	}
	p.mu.Unlock()
	if first && p.log != p {
		p.log.note("Nobody reads " + p.name + ": lines are lost")
	}
	p.signal()
}

func (p *printer) signal() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// run writes until close.
func (p *printer) run() {
	defer close(p.done)
	for {
		p.mu.Lock()
		text, lost, closed := p.text, p.lost, p.closed
		p.text, p.lost = nil, 0
		p.mu.Unlock()
		switch {
		case len(text) > 0:
			_, _ = p.out.Write(text) // there is nobody to tell
		case closed:
			return
		default:
			<-p.wake
		}
		if lost > 0 {
			p.log.note(fmt.Sprintf("%d lines of %s were lost", lost, p.name))
		}
	}
}

// close waits until all is written, but not for long.
func (p *printer) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.signal()
	select {
	case <-p.done:
	case <-time.After(writeTimeout):
		p.log.note("Nobody reads " + p.name + ": its end is lost")
	}
}
