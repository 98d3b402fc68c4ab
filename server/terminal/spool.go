package terminal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// maxSpooled bounds the text that waits for a slow disk.
const maxSpooled = 16 << 20 // bytes

var errSlow = errors.New("the disk is too slow")

// Spool writes a file on a goroutine of its own, so that a slow disk blocks nothing.
// After an error it writes no more.
type Spool struct {
	file io.WriteCloser
	wake chan struct{}
	done chan struct{}
	fail func(error) // called with the first error, once

	mu     sync.Mutex
	text   []byte // that waits
	err    error
	closed bool
}

// Create creates a file that only its owner can read, and returns an error if the
// name exists already, even as a symbolic link. fail is called once with the first
// error.
func Create(name string, fail func(error)) (*Spool, error) {
	file, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("%s is there already: name another file, or remove it", name)
	}
	if err != nil {
		return nil, err
	}
	return spool(file, fail), nil
}

func spool(file io.WriteCloser, fail func(error)) *Spool {
	s := &Spool{file: file, fail: fail, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go s.run()
	return s
}

// Write queues text, and returns the error of an earlier write. It never blocks.
func (s *Spool) Write(text []byte) (int, error) {
	s.mu.Lock()
	if s.err == nil && len(s.text)+len(text) > maxSpooled {
		s.err = errSlow
	}
	err := s.err
	if err == nil {
		s.text = append(s.text, text...)
	}
	s.mu.Unlock()
	s.signal()
	return len(text), err
}

// Close writes the queued text and returns the first error.
func (s *Spool) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.signal()
	<-s.done
	return s.err
}

func (s *Spool) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *Spool) run() {
	defer close(s.done)
	told := false
	for closed := false; !closed; {
		<-s.wake
		s.mu.Lock()
		text, err := s.text, s.err
		s.text, closed = nil, s.closed
		s.mu.Unlock()
		if err == nil || errors.Is(err, errSlow) && !told {
			if _, failed := s.file.Write(text); failed != nil {
				err = failed
			}
		}
		if closed {
			err = errors.Join(err, s.file.Close())
		}
		if err != nil && !told {
			told = true
			s.mu.Lock()
			s.err = err
			s.mu.Unlock()
			s.fail(err)
		}
	}
}
