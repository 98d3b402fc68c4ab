package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// old is the last revision without a protocol number.
const old = "d8eed3e"

// TestOld has an old program meet the current one, over an old relay and over the
// current one: they connect, and chat both ways.
func TestOld(t *testing.T) {
	if os.Getenv("PN_OLD") == "" {
		t.Skip("builds an old revision: make test-old")
	}
	dir := t.TempDir()
	before, today := filepath.Join(dir, "before"), program(t)
	source := filepath.Join(dir, "source")
	for _, c := range [][]string{
		{"git", "worktree", "add", "--detach", source, old},
		{"go", "build", "-C", source, "-o", before, "./server"},
	} {
		if out, err := exec.Command(c[0], c[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%q: %v\n%s", c, err, out)
		}
		if c[0] == "git" {
			t.Cleanup(func() {
				if out, err := exec.Command("git", "worktree", "remove", "--force", source).CombinedOutput(); err != nil {
					t.Errorf("%v\n%s", err, out)
				}
			})
		}
	}
	for _, c := range []struct{ name, relay, a, b string }{
		{"a relay of before", before, today, today},
		{"a peer of before", today, before, today},
		{"a peer of today among those of before", before, before, today},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, url := serveProcess(t, c.relay)
			a := start(t, c.a, "PN_SERVER="+url, "PN_ROOM=inn", "PN_CONNECT=auto", "peer")
			b := start(t, c.b, "PN_SERVER="+url, "PN_ROOM=inn", "PN_CONNECT=auto", "peer")
			for _, p := range []*process{a, b} {
				p.expectLog("Data channel 'data-polite' opened")
				p.expectLog("Data channel 'data-impolite' opened")
			}
			fmt.Fprintln(a.in, "from a")
			awaitLog(t, b.out, "Received: from a\n")
			fmt.Fprintln(b.in, "from b")
			awaitLog(t, a.out, "Received: from b\n")
			fmt.Fprintln(a.in, "/renegotiate")
			fmt.Fprintln(b.in, "/renegotiate")
			a.expectLog("Received remote Answer description")
			b.expectLog("Received remote Answer description")
		})
	}
}
