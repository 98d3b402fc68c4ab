package terminal

import (
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// pty is a pseudoterminal: one end for the person who types and reads, one for the
// program.
type pty struct {
	person, program *os.File
	shown           *transcript
}

func newPTY(t *testing.T, width uint16) *pty {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("there are no pseudoterminals here: ", err)
	}
	var number int
	descriptor := int(person.Fd())
	if err := unix.IoctlSetPointerInt(descriptor, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	if number, err = unix.IoctlGetInt(descriptor, unix.TIOCGPTN); err != nil {
		t.Fatal(err)
	}
	program, err := os.OpenFile(fmt.Sprint("/dev/pts/", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	p := &pty{person, program, &transcript{}}
	p.resize(t, width)
	read := make(chan struct{})
	go func() {
		defer close(read)
		buffer := make([]byte, 4096)
		for {
			n, err := person.Read(buffer)
			if err != nil {
				return // the program has closed it
			}
			_, _ = p.shown.Write(buffer[:n])
		}
	}()
	t.Cleanup(func() {
		_, _ = person.WriteString("\x03\n") // ends a read, without which it is not closed
		_ = program.Close()
		<-read
		_ = person.Close()
	})
	return p
}

func (p *pty) resize(t *testing.T, width uint16) {
	t.Helper()
	if err := unix.IoctlSetWinsize(int(p.program.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: width}); err != nil {
		t.Error(err)
	}
}

func (p *pty) typed(t *testing.T, keys string) {
	t.Helper()
	if _, err := p.person.WriteString(keys); err != nil {
		t.Error(err)
	}
}

// mode returns the settings of the terminal.
func (p *pty) mode(t *testing.T) unix.Termios {
	t.Helper()
	mode, err := unix.IoctlGetTermios(int(p.program.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return *mode
}
