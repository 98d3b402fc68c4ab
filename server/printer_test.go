package main

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"perfect-negotiation/negotiation"
)

// A printer keeps what nobody reads, up to a limit, and says what it loses.
func TestPrinter(t *testing.T) {
	read, write := io.Pipe()
	said := &transcript{}
	log := newPrinter("the log", said, nil)
	out := newPrinter("the output", write, log)
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
	awaitLog(t, said, "lines of the output were lost")
	if n := strings.Count(said.String(), "Nobody reads"); n != 1 {
		t.Errorf("it says %d times that nobody reads", n)
	}
	go func() { _, _ = io.Copy(io.Discard, read) }()
	out.close()
	log.close()
	_ = write.Close()
}

// Whoever does not read what a native peer prints holds up nothing.
func TestNobodyReads(t *testing.T) {
	w := newWorld(t)
	n := w.native("nobody", "", true)
	p := startPeer(t, w, "--room", "nobody")
	awaitChannels(t, 2, n)
	line := strings.Repeat("x", 10_000)
	for range 3 * maxUnwritten / len(line) { // it waits in the queue, and is being written
		n.say(line)
	}
	p.expectLog("Nobody reads standard output: lines are lost")
	answered := n.count(negotiation.AnswerReceived)
	n.renegotiate()
	await(t, "its offer is answered", func() bool { return n.count(negotiation.AnswerReceived) > answered }, n)
	p.write("still here")
	await(t, "chat goes the other way", func() bool { return slices.Contains(n.received(), "still here") }, n)
	for !strings.Contains(p.log.String(), "lines of standard output were lost") {
		p.expect("Received: " + line)
	}
}
