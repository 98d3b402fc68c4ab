//go:build !js

package negotiation

import (
	"bytes"
	"testing"
)

// FuzzMessage reads what a peer may send. What is read must be written and read
// again as the same.
func FuzzMessage(f *testing.F) {
	for _, seed := range []string{
		`{"description":{"type":"offer","sdp":"v=0\r\n"}}`,
		`{"candidate":{"candidate":"candidate:1 1 udp 1 192.0.2.1 9 typ host","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":"abcd"}}`,
		`{"candidate":null}`, `{}`, `[]`, `{"description":{"type":"rollback"}}`, `{"candidate":{"sdpMLineIndex":70000}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var m Message
		if m.UnmarshalJSON(data) != nil {
			return
		}
		once, err := m.MarshalJSON()
		if err != nil {
			t.Fatalf("%q was read and cannot be written: %v", data, err)
		}
		var again Message
		if err := again.UnmarshalJSON(once); err != nil {
			t.Fatalf("%q was written and cannot be read: %v", once, err)
		}
		if twice, err := again.MarshalJSON(); err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("%q became %q, %v", once, twice, err)
		}
	})
}

// FuzzSchedule has two Sessions over models go through events in an order that
// the walk is too short for.
func FuzzSchedule(f *testing.F) {
	f.Add([]byte("0123456789"))
	f.Add([]byte("the quick brown fox jumps over the lazy dog"))
	f.Add(bytes.Repeat([]byte{0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233}, 20))
	f.Fuzz(func(t *testing.T, data []byte) {
		take := func(n int) int {
			if len(data) == 0 {
				return 0
			}
			b := data[0]
			data = data[1:]
			return int(b) % n
		}
		c := setting{kinds: pairings[take(4)], renegs: take(3), restart: [2]int{take(2), take(2)}, faults: take(2), closes: take(2)}
		for i := range c.plans {
			for range take(7) {
				c.plans[i] = append(c.plans[i], changes[take(len(changes))])
			}
		}
		var steps []step
		for len(data) > 0 {
			s := step{uint8(take(2)), event(take(int(events))), ""}
			for range take(4) {
				s.script += string(rune(take(3)))
			}
			steps = append(steps, s)
		}
		if taken, broken := follow(newWorld(c), steps); len(broken) > 0 {
			t.Fatalf("%s\n%s\nTestReplay -replay %q", broken, replay(newWorld(c), taken), recording{c, taken})
		}
	})
}
