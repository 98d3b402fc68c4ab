package peer

import (
	"errors"
	"fmt"
	"testing"
)

// What may wait is bounded, credit comes back as messages are taken, and is enough for
// the largest message as soon as nothing waits.
func TestCredit(t *testing.T) {
	for _, size := range []int{0, 1, 1000, maxMessage - 1, maxMessage} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			var out outgoing
			var in incoming
			waiting, sent := uint64(0), 0
			grant := func() {
				if credit, due := in.grant(waiting); due {
					if err := out.allow(credit); err != nil {
						t.Fatal(err)
					}
				}
			}
			for grant(); sent < 10_000; {
				for out.sent+costOf(size) <= out.allowed {
					out.sent += costOf(size)
					if err := in.charge(size); err != nil {
						t.Fatal(err)
					}
					in.put(Message{Data: make([]byte, size%1000)})
					waiting += costOf(size)
					sent++
				}
				if waiting > window {
					t.Fatalf("%d wait", waiting)
				}
				m, ok := in.take()
				if !ok {
					t.Fatalf("after %d messages nothing waits, and nothing may be sent", sent)
				}
				waiting -= costOf(size)
				if len(m.Data) != size%1000 {
					t.Fatalf("a message of %d bytes", len(m.Data))
				}
				grant()
			}
		})
	}
}

// The other side may break every rule.
func TestCreditIsKept(t *testing.T) {
	granted := incoming{granted: window}
	for name, err := range map[string]error{
		"no credit":              new(incoming).charge(0),
		"credit beyond a window": new(outgoing).allow(window + 1),
		"the largest credit":     new(outgoing).allow(1<<64 - 1),
		"an end before it": func() error {
			in := granted
			_ = in.charge(100)
			return in.end(100)
		}(),
		"an end beyond the credit": func() error { in := granted; return in.end(window + 1) }(),
		"a second end": func() error {
			in := granted
			_ = in.end(1000)
			return in.end(1000)
		}(),
		"a message after the end": func() error {
			in := granted
			_ = in.end(0)
			return in.charge(0)
		}(),
	} {
		if !errors.Is(err, errCredit) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, frame := range []string{"", "\x01", "\x01123456789", "\x0212345678x", "\x03", "\xff12345678"} {
		if _, _, _, err := parseFrame([]byte(frame)); err == nil {
			t.Errorf("%q is taken", frame)
		}
	}
	kind, content, _, err := parseFrame([]byte("\x00abc"))
	if kind != kindData || string(content) != "abc" || err != nil {
		t.Errorf("data: %d %q %v", kind, content, err)
	}
	for _, kind := range []byte{kindCredit, kindEnd} {
		if got, _, n, err := parseFrame(total(kind, 1<<40)); got != kind || n != 1<<40 || err != nil {
			t.Errorf("kind %d: %d %d %v", kind, got, n, err)
		}
	}
}
