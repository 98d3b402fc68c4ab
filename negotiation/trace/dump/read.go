package dump

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/valyala/fastjson"

	"perfect-negotiation/negotiation/trace"
)

// ErrFile says that a file is not one of ours, or is broken.
var ErrFile = errors.New("not a trace")

// Limits of a file that is read.
const (
	maxLines = 1 << 20
	maxBytes = 1 << 30
)

// File is a file that was read.
type File struct {
	Header
	Events []trace.Line
	Inputs []Input // what package replay needs, if it was recorded
	Cut    bool    // its last line is not whole
}

// Input is what came into a negotiation, and its place among the events.
type Input struct {
	trace.Input
	After int // how many of Events come before it
}

// Read reads a file. It returns an error that wraps [ErrFile] and says which line is
// wrong, and how. A last line that is not whole is no error: the program ended there.
func Read(r io.Reader) (*File, error) {
	in := bufio.NewReaderSize(io.LimitReader(r, maxBytes), 64<<10)
	first, err := in.Peek(len(magic))
	switch {
	case len(first) >= 2 && first[0] == 0x1f && first[1] == 0x8b:
		return nil, fmt.Errorf("%w: it is compressed with gzip", ErrFile)
	case err != nil && !errors.Is(err, io.EOF):
		return nil, err
	case string(first) != magic:
		return nil, fmt.Errorf("%w: it does not begin with %q", ErrFile, magic[:len(magic)-1])
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 0, 64<<10), trace.MaxLine+1)
	whole := true
	lines.Split(func(data []byte, end bool) (int, []byte, error) {
		if i := bytes.IndexByte(data, '\n'); i >= 0 {
			return i + 1, data[:i], nil
		}
		if end && len(data) > 0 {
			whole = false
			return len(data), data, nil
		}
		return 0, nil, nil
	})
	f := &File{}
	n := 0
	for lines.Scan() {
		n++
		err := f.line(n, lines.Bytes())
		switch {
		case err != nil && !whole && n > 2:
			f.Cut = true
		case err != nil:
			return nil, fmt.Errorf("%w: line %d: %w", ErrFile, n, err)
		case n > maxLines:
			return nil, fmt.Errorf("%w: it has more than %d lines", ErrFile, maxLines)
		}
	}
	switch {
	case errors.Is(lines.Err(), bufio.ErrTooLong):
		return nil, fmt.Errorf("%w: line %d has more than %d bytes", ErrFile, n+1, trace.MaxLine)
	case lines.Err() != nil:
		return nil, lines.Err()
	case n < 2:
		return nil, fmt.Errorf("%w: it has no header", ErrFile)
	}
	return f, nil
}

func (f *File) line(n int, line []byte) error {
	switch {
	case n == 1:
		return nil
	case n == 2:
		return f.header(line)
	case len(line) == 0, line[0] == '[':
		return nil
	}
	v, err := fastjson.ParseBytes(line)
	if err != nil {
		return err
	}
	switch string(v.GetStringBytes("pn")) {
	case "event":
		l, err := trace.ParseLine(line)
		if err != nil {
			return err
		}
		f.Events = append(f.Events, l)
	case "input":
		in, err := trace.ParseInput(line)
		if err != nil {
			return err
		}
		f.Inputs = append(f.Inputs, Input{in, len(f.Events)})
	}
	return nil
}

func (f *File) header(line []byte) error {
	v, err := fastjson.ParseBytes(line)
	if err != nil {
		return err
	}
	if format := v.GetInt("fileFormat"); format != 3 {
		return fmt.Errorf("its format is %d, not 3", format)
	}
	pn := v.Get("pn")
	if pn == nil {
		return errors.New("it was written by another program: rtcstats' tools read it, and it tells nothing of a negotiation")
	}
	if spoken := pn.GetInt("version"); spoken < 1 || spoken > version {
		return fmt.Errorf("its version is %d, and this program reads 1 to %d", spoken, version)
	}
	str := func(v *fastjson.Value, name string) string { return string(v.GetStringBytes(name)) }
	f.Header = Header{UserAgent: str(v, "userAgent"), Room: str(pn, "room"), Self: str(pn, "self"), Source: str(pn, "source"), Masked: pn.GetBool("masked")}
	return nil
}
