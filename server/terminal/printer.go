package terminal

import (
	"fmt"
	"io"
	"sync"
	"time"
)

const (
	maxUnwritten = 1 << 20         // bytes waiting to be written
	writeTimeout = 2 * time.Second // at the end
)

// printer writes text on a goroutine of its own, so that an output that is not read
// blocks nothing.
type printer struct {
	name  string // of the output
	out   io.Writer
	style style
	log   *printer // reports lost lines; nil: this one
	wake  chan struct{}
	done  chan struct{}

	mu     sync.Mutex
	text   []byte // that waits
	lost   int    // lines lost since it was full
	closed bool
}

func newPrinter(name string, out io.Writer, s style, log *printer) *printer {
	p := &printer{name: name, out: out, style: s, log: log, wake: make(chan struct{}, 1), done: make(chan struct{})}
	if log == nil {
		p.log = p
	}
	return p
}

// note writes a message to the user that is not an event.
func (p *printer) note(text string) { p.print(p.style.note(text)) }

// print writes a line. It never blocks: if too much waits, the line is lost and the
// log says so.
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
			_, _ = p.out.Write(text) // nowhere to report the error
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

// close waits until everything is written, for a limited time.
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
