package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
)

func list(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, dir, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBuild(t *testing.T) {
	pkg, dist := t.TempDir(), t.TempDir()
	write(t, pkg, "go.mod", "module tiny\n\ngo 1.26\n")
	write(t, pkg, "main.go", "package main\n\nfunc main() {}\n")
	var first []string
	for range 2 {
		if err := build(t.Context(), pkg, "off", dist, true, io.Discard); err != nil {
			t.Fatal(err)
		}
		names := list(t, dist)
		if len(names) != 3 || !strings.HasPrefix(names[0], "app.") || names[1] != names[0]+".gz" || names[2] != "wasm_exec.js" {
			t.Fatalf("dist holds %q", names)
		}
		if first == nil {
			first = names
		}
		if !slices.Equal(names, first) {
			t.Errorf("the same source gave %q, then %q", first, names)
		}
		if wasm := read(t, dist, names[0]); !bytes.HasPrefix(wasm, []byte("\x00asm")) {
			t.Errorf("not WASM: % x", wasm[:8])
		}
		if loader := read(t, dist, "wasm_exec.js"); !bytes.Contains(loader, []byte("globalThis.Go = class")) {
			t.Error("wasm_exec.js has no Go class")
		}
	}

	write(t, pkg, "main.go", "package main\n\nfunc main() { undefined() }\n")
	if err := build(t.Context(), pkg, "off", dist, true, io.Discard); err == nil {
		t.Error("a program that does not compile was built")
	}
	if names := list(t, dist); !slices.Equal(names, first) {
		t.Errorf("the failed build left %q", names)
	}
}

func TestPublish(t *testing.T) {
	dist := t.TempDir()
	const (
		one = "app.7692c3ad3540bb80.wasm" // the first 16 digits of `printf one | sha256sum`
		two = "app.3fc4ccfe745870e2.wasm"
	)
	write(t, dist, ".gitkeep", "")
	for _, step := range []struct {
		name, wasm, loader string
		fast               bool
		want               []string
	}{
		{"fast", "one", "go1", true, []string{".gitkeep", one, one + ".gz", "wasm_exec.js"}},
		{"release adds brotli", "one", "go1", false, []string{".gitkeep", one, one + ".br", one + ".gz", "wasm_exec.js"}},
		{"fast keeps brotli", "one", "go1", true, []string{".gitkeep", one, one + ".br", one + ".gz", "wasm_exec.js"}},
		{"new Go", "one", "go2", true, []string{".gitkeep", one, one + ".br", one + ".gz", "wasm_exec.js"}},
		{"new program", "two", "go2", false, []string{".gitkeep", two, two + ".br", two + ".gz", "wasm_exec.js"}},
		{"old program, fast", "one", "go2", true, []string{".gitkeep", one, one + ".gz", "wasm_exec.js"}},
	} {
		if err := publish(t.Context(), dist, []byte(step.wasm), []byte(step.loader), step.fast, io.Discard); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		names := list(t, dist)
		if !slices.Equal(names, step.want) {
			t.Fatalf("%s: dist holds %q, want %q", step.name, names, step.want)
		}
		if got := string(read(t, dist, "wasm_exec.js")); got != step.loader {
			t.Errorf("%s: wasm_exec.js is %q", step.name, got)
		}
		for _, name := range names {
			var content io.Reader = bytes.NewReader(read(t, dist, name))
			switch filepath.Ext(name) {
			case ".wasm":
			case ".br":
				content = brotli.NewReader(content)
			case ".gz":
				var err error
				if content, err = gzip.NewReader(content); err != nil {
					t.Fatal(err)
				}
			default:
				continue
			}
			if got, err := io.ReadAll(content); err != nil || string(got) != step.wasm {
				t.Errorf("%s: %s holds %q, %v", step.name, name, got, err)
			}
		}
	}
}

func TestPublishWritesOnlyWhatChanged(t *testing.T) {
	dist := t.TempDir()
	past := time.Now().Add(-time.Hour).Truncate(time.Second)
	var out bytes.Buffer
	for range 2 {
		out.Reset()
		if err := publish(t.Context(), dist, []byte("one"), []byte("go1"), false, &out); err != nil {
			t.Fatal(err)
		}
		for _, name := range list(t, dist) {
			path := filepath.Join(dist, name)
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(out.String(), "Nothing has changed") && !info.ModTime().Equal(past) {
				t.Errorf("%s was written again", name)
			}
			if err := os.Chtimes(path, past, past); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !strings.Contains(out.String(), "Nothing has changed") {
		t.Errorf("the second time it says:\n%s", &out)
	}
}

func TestInterruptedPublishLeavesTheLastGoodBuild(t *testing.T) {
	dist := t.TempDir()
	if err := publish(t.Context(), dist, []byte("one"), []byte("go1"), true, io.Discard); err != nil {
		t.Fatal(err)
	}
	before := list(t, dist)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := publish(ctx, dist, []byte("two"), []byte("go2"), true, io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted, it returns %v", err)
	}
	if names := list(t, dist); !slices.Equal(names, before) {
		t.Errorf("dist held %q, now %q", before, names)
	}

	write(t, dist, temporaryPrefix+"app.x.wasm.br", "half")
	if err := publish(t.Context(), dist, []byte("one"), []byte("go1"), true, io.Discard); err != nil {
		t.Fatal(err)
	}
	if names := list(t, dist); !slices.Equal(names, before) {
		t.Errorf("after a killed build dist holds %q", names)
	}
}

func TestATooLargeProgramIsNotPublished(t *testing.T) {
	dist := t.TempDir()
	wasm := make([]byte, maxDownload+1)
	_, _ = rand.NewChaCha8([32]byte{}).Read(wasm) // incompressible
	err := publish(t.Context(), dist, wasm, []byte("go1"), false, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "more than the "+thousands(maxDownload)) {
		t.Errorf("it returns %v", err)
	}
	if names := list(t, dist); len(names) > 0 {
		t.Errorf("dist holds %q", names)
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 5634977: "5,634,977"} {
		if got := thousands(n); got != want {
			t.Errorf("%d: got %s, want %s", n, got, want)
		}
	}
}
