package terminal

import (
	"os"

	"golang.org/x/term"
)

const prompt = "> "

// screen is a terminal at which a person types a line, of at most 4,096 characters,
// while others are printed above it. Its methods may be called from any goroutine.
type screen struct {
	*term.Terminal
	in, out       *os.File
	width, height int // owned by the goroutine that reads
}

// newScreen returns the terminal of in and out, or nil if they are not a terminal
// that supports escape sequences.
func newScreen(in, out any) *screen {
	if !isTerminal(in) || !isTerminal(out) || isDumb() {
		return nil
	}
	s := &screen{in: in.(*os.File), out: out.(*os.File)}
	s.Terminal = term.NewTerminal(s.device(), prompt)
	return s
}

// open takes over line editing from the terminal, until restore is called.
func (s *screen) open() (restore func(), err error) {
	before, err := term.MakeRaw(int(s.in.Fd()))
	if err != nil {
		return nil, err
	}
	s.fit()
	return func() {
		_, _ = s.out.WriteString("\r\x1b[K") // the prompt
		_ = term.Restore(int(s.in.Fd()), before)
	}, nil
}

// fit adopts the current size of the terminal.
func (s *screen) fit() {
	width, height, err := term.GetSize(int(s.out.Fd()))
	if err != nil || width <= 0 || width == s.width && height == s.height {
		return
	}
	s.width, s.height = width, height
	_ = s.SetSize(width, height)
}

// device is the input and output of the Terminal.
func (s *screen) device() device { return device{s} }

type device struct{ s *screen }

func (d device) Write(text []byte) (int, error) { return d.s.out.Write(text) }

// Read reads keys. The terminal may have been resized before each.
func (d device) Read(keys []byte) (int, error) {
	n, err := d.s.in.Read(keys)
	d.s.fit()
	return n, err
}
