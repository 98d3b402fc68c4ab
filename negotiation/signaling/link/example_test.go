package link_test

import (
	"fmt"

	"perfect-negotiation/negotiation/signaling/link"
)

// Two ends meet over a line that loses a frame, and what was sent comes once and in
// order. A program gives each frame to its own signalling, and calls Again now and then
// and when a connection is back.
func Example() {
	names := 0
	name := func() string { // of a session: in a program it must be impossible to guess
		names++
		return fmt.Sprint("session", names)
	}
	polite, impolite := link.New[string](name), link.New[string](name)
	carry := func(from, to *link.End[string], lose string) {
		for _, f := range from.Frames() {
			if lose != "" && f.Message == lose {
				continue
			}
			if to.Receive(f, true).Delivered {
				fmt.Println(f.Seq, f.Message)
			}
		}
	}
	for range 3 { // greetings
		carry(polite, impolite, "")
		carry(impolite, polite, "")
	}

	_ = polite.Send("offer")
	_ = polite.Send("candidate")
	carry(polite, impolite, "offer") // is lost, and the candidate waits for it
	polite.Again()
	carry(polite, impolite, "")
	fmt.Println("not acknowledged:", polite.Waiting())
	impolite.Acknowledge()
	carry(impolite, polite, "")
	fmt.Println("not acknowledged:", polite.Waiting())
	// Output:
	// 1 offer
	// 2 candidate
	// not acknowledged: 2
	// not acknowledged: 0
}
