package e2e

import (
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// example runs one of the examples against the server. It is built as a program of another
// module, as README.md says.
func (w *world) example(name string, arguments ...string) {
	w.t.Helper()
	dir := w.t.TempDir()
	program := filepath.Join(dir, name)
	root, err := filepath.Abs("../..")
	if err != nil {
		w.t.Fatal(err)
	}
	module := fmt.Sprintf("module example.org/%s\n\ngo 1.26\n\nrequire perfect-negotiation v0.0.0\n\nreplace perfect-negotiation => %q\n", name, root)
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte(module), 0o600); err != nil {
		w.t.Fatal(err)
	}
	for from, to := range map[string]string{"go.sum": "go.sum", "negotiation/peer/examples/" + name + "/main_native.go": "main.go"} {
		text, err := os.ReadFile(filepath.Join(root, from))
		if err != nil {
			w.t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, to), text, 0o600); err != nil {
			w.t.Fatal(err)
		}
	}
	build := exec.Command("go", "build", "-mod=mod", "-o", program, ".")
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		w.t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.Command(program, append([]string{"-server", w.url}, arguments...)...)
	var log strings.Builder
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			w.t.Error(err)
		}
		if err := cmd.Wait(); err != nil {
			w.t.Error(name, "ends with", err)
		}
		if w.t.Failed() {
			w.t.Log(log.String())
		}
	})
}

// TestExamplesForBoth runs the same files natively and in a tab.
func TestExamplesForBoth(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := newWorld(t, func(w *world) { w.pages = dir })
	build := exec.Command("make", "-C", "../..", "example", "EXAMPLE="+dir)
	build.Env = append(os.Environ(), "MAKEFLAGS=") // not those of the make that runs this
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	run := func(query, program string, environment ...string) (page func() string, native *process) {
		tab := w.blank(w.url + "/pages/" + query)
		if err := tab.navigate(tab.url); err != nil {
			t.Fatal(err)
		}
		page = func() string { return tab.text(`document.querySelector("#out").textContent`) }
		return page, start(t, filepath.Join(dir, program), append(environment, "PN_SERVER="+w.url)...)
	}
	t.Run("hello", func(t *testing.T) { // each greets the other
		page, native := run("", "hello")
		awaitLog(t, native.out, `: "hello"`)
		await(t, "the page is greeted", func() bool { return strings.HasSuffix(page(), ": \"hello\"\n") })
	})
	t.Run("pipe", func(t *testing.T) { // both send at once, and what comes is what was sent
		const there, back = 4 << 20, 3 << 20
		var page func() string
		var native *process
		defer func() {
			if t.Failed() {
				t.Logf("the page:\n%s\nthe native peer:\n%s", page(), native.out)
			}
		}()
		page, native = run(fmt.Sprintf("?program=pipe&PN_BYTES=%d", back), "pipe", fmt.Sprintf("PN_BYTES=%d", there))
		for bytes, ends := range map[int][]func() string{
			there: {native.out.String, page},
			back:  {page, native.out.String},
		} {
			sum := sha256.New()
			if _, err := io.CopyN(sum, rand.NewChaCha8([32]byte{}), int64(bytes)); err != nil {
				t.Fatal(err)
			}
			for i, what := range []string{"sent", "received"} {
				line := fmt.Sprintf("%s %d bytes: %x\n", what, bytes, sum.Sum(nil))
				await(t, line, func() bool { return strings.Contains(ends[i](), line) })
			}
		}
	})
}

// TestExampleSender watches what it sends.
func TestExampleSender(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tab := w.mediaTab("/r/lobby")
	w.example("sender", "../media/pattern.ivf")
	await(t, "pictures come", func() bool { return tab.pictures() > 5 }, tab)
	nothingSurfaced(t, tab)
}

// TestExampleBot talks with it.
func TestExampleBot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tab := w.mediaTab("/r/lobby")
	w.example("bot")
	say := func(line, want string) {
		t.Helper()
		tab.say(line)
		await(t, want, func() bool { return slices.Contains(tab.received(), want) }, tab)
	}
	tiles := func() string {
		return tab.text(`[...document.querySelectorAll("#media figure")].map(f => f.dataset.state).join()`)
	}
	await(t, "it is connected", func() bool { return tab.text(`document.querySelector("#message").disabled + ""`) == "false" }, tab)
	say("hello", "You said: hello")
	say("sound on", "Here it comes.")
	await(t, "a tile is live", func() bool { return tiles() == "live" }, tab)
	say("sound off", "It is gone.")
	await(t, "the tile is paused", func() bool { return tiles() == "muted" }, tab)
	nothingSurfaced(t, tab)
}
