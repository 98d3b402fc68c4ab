package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/trace"
)

// TestSourceDiffers has the other side run another source, which is logged.
func TestSourceDiffers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	victim := w.native("bad", "", false)
	newMallory(t, w, "room=bad&rank=0", victim.id()).goodOffer()
	var lines []string
	for _, e := range victim.trail() {
		if e.Kind == trace.SourceDiffers || e.Kind == trace.SourceSame {
			lines = append(lines, fmt.Sprint(e.Level(), " ", e))
		}
	}
	want := "info [POLITE] Note: the other side runs another version of the negotiation source: none of , here " + negotiation.Source[:8]
	if !slices.Equal(lines, []string{want}) {
		t.Errorf("it says %q", lines)
	}
	nothingSurfaced(t, victim)
}

// A line of chat is shown as text on one line, whatever it contains.
func TestHostileChat(t *testing.T) {
	t.Parallel()
	rows := []struct{ name, line, shown string }{
		{"markup", `<img src=x onerror="document.title='owned'"><b>bold</b>`, `<img src=x onerror="document.title='owned'"><b>bold</b>`},
		{"newlines", "one\nReceived: two\r\nthree", `one\nReceived: two\r\nthree`},
		{"terminal escapes", "\x1b]0;owned\x07\x1b[2J\u009b31m", `\x1b]0;owned\a\x1b[2J\u009b31m`},
		{"directions", "abc\u202egnp.exe", `abc\u202egnp.exe`},
	}
	hostile := func(w *world) *native {
		n := w.native("chat", "", true)
		return n
	}
	t.Run("terminal", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		n := hostile(w)
		p := startPeer(t, w, "--room", "chat")
		awaitChannels(t, 1, n)
		for _, row := range rows {
			n.say(row.line)
			p.expect("Received: " + row.shown)
		}
	})
	t.Run("tab", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		n, b := hostile(w), w.tab("/r/chat")
		awaitChannels(t, 2, n, b)
		for _, row := range rows {
			n.say(row.line)
			await(t, row.name+" is shown as text", func() bool { return slices.Contains(b.received(), row.shown) }, b)
		}
		if found := b.text(`document.title + document.querySelectorAll("#log img, #log b, #chat img, #chat b").length`); !strings.HasSuffix(found, "0") || strings.Contains(found, "owned") {
			t.Errorf("text of the other side became markup: %s", found)
		}
	})
}
