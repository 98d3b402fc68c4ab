package terminal

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"testing"
)

// A printer keeps unread lines up to a limit, and reports those it loses.
func TestPrinter(t *testing.T) {
	read, write := io.Pipe()
	said := &transcript{}
	log := newPrinter("the log", said, style{}, nil)
	out := newPrinter("the output", write, style{}, log)
	go log.run()
	go out.run()
	line := strings.Repeat("x", 1000)
	printed := 0
	for ; !strings.Contains(said.String(), "Nobody reads the output: lines are lost"); printed++ {
		out.print(fmt.Sprint(printed, line))
	}
	lines := bufio.NewScanner(read)
	next := func() string {
		lines.Scan()
		return lines.Text()
	}
	for n := range maxUnwritten / len(line) / 2 {
		if got := next(); got != fmt.Sprint(n, line) {
			t.Fatalf("line %d is %.20s", n, got)
		}
	}
	// What waited was written at once: there is room again.
	const last = "the last one"
	for got := ""; got != last; got = next() {
		out.print(last)
	}
	go func() { _, _ = io.Copy(io.Discard, read) }() // the last one may be there again
	said.await(t, "lines of the output were lost")
	if n := strings.Count(said.String(), "Nobody reads"); n != 1 {
		t.Errorf("it says %d times that nobody reads", n)
	}
	out.close()
	log.close()
	_ = write.Close()
}
