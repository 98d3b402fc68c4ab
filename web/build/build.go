package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/andybalholm/brotli"
)

// build compiles the package in the directory pkg, with the go.work called work, into
// the directory dist and reports its progress to out.
func build(ctx context.Context, pkg, work, dist string, fast bool, out io.Writer) error {
	fmt.Fprintln(out, "Compiling", filepath.Base(pkg), "for the browser…")
	wasm, err := compile(ctx, pkg, work, bare)
	if err != nil {
		return err
	}
	goroot, err := goEnv(ctx, "GOROOT")
	if err != nil {
		return err
	}
	loader, err := os.ReadFile(filepath.Join(goroot, "lib", "wasm", "wasm_exec.js"))
	if err != nil {
		return fmt.Errorf("this Go has no wasm_exec.js: %w", err)
	}
	return publish(ctx, dist, wasm, loader, fast, out)
}

// What the linker may leave out: with names goes what debuggers read, bare the names of
// functions as well.
const (
	bare  = "-s -w"
	named = "-w"
)

// compile returns the WASM binary, linked with those flags. It carries no path and no
// commit: the same source gives the same bytes. Without inlining it is larger, but a
// fourteenth smaller after compression, and a browser compiles less of it before the
// first connection.
func compile(ctx context.Context, pkg, work, link string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "wasm-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "app.wasm")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags="+link, "-gcflags=all=-l", "-o", binary, ".")
	cmd.Dir = pkg
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "GOWORK="+work)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("compile %s: %w", pkg, err)
	}
	return os.ReadFile(binary)
}

// publish writes the binary, its compressed siblings and its loader into dist.
// Everything is prepared under temporary names first; then only renames and removals
// follow. The binary itself comes last: once it is there, the server takes the build
// for complete.
func publish(ctx context.Context, dist string, wasm, loader []byte, fast bool, out io.Writer) error {
	if err := os.MkdirAll(dist, 0o777); err != nil {
		return err
	}
	if err := removeLeftovers(dist); err != nil {
		return err
	}
	defer removeLeftovers(dist)

	sum := sha256.Sum256(wasm)
	name := "app." + hex.EncodeToString(sum[:8]) + ".wasm"
	fmt.Fprintf(out, "  %s  %s bytes\n", name, thousands(int64(len(wasm))))

	var ready []string
	prepare := func(name string, write func(io.Writer) error) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		ready = append(ready, name)
		return writeFile(temporary(dist, name), write)
	}

	for _, c := range codings(fast) {
		path := filepath.Join(dist, name+c.suffix)
		if info, err := os.Stat(path); err == nil {
			fmt.Fprintf(out, "  %-7s %s bytes, there already\n", c.name, thousands(info.Size()))
			continue
		}
		fmt.Fprintf(out, "  %-7s compressing%s…\n", c.name, c.remark)
		start := time.Now()
		if err := prepare(name+c.suffix, func(w io.Writer) error { return c.compress(ctx, w, wasm) }); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		info, err := os.Stat(temporary(dist, name+c.suffix))
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "  %-7s %s bytes, took %.1f s\n", c.name, thousands(info.Size()), time.Since(start).Seconds())
		if c.limit > 0 && info.Size() > c.limit {
			return fmt.Errorf("%s: %s bytes are more than the %s that a phone should wait for", c.name, thousands(info.Size()), thousands(c.limit))
		}
	}
	for _, f := range []struct {
		name    string
		content []byte
	}{{"wasm_exec.js", loader}, {name, wasm}} {
		if present, err := os.ReadFile(filepath.Join(dist, f.name)); err == nil && bytes.Equal(present, f.content) {
			continue
		}
		if err := prepare(f.name, func(w io.Writer) error { _, err := w.Write(f.content); return err }); err != nil {
			return err
		}
	}

	removed, err := removeOlder(dist, name)
	if err != nil {
		return err
	}
	for _, file := range ready {
		if err := os.Rename(temporary(dist, file), filepath.Join(dist, file)); err != nil {
			return err
		}
	}
	switch {
	case len(ready) == 0 && removed == 0:
		fmt.Fprintln(out, "Nothing has changed.")
	case removed > 0:
		fmt.Fprintf(out, "Done; %d older files removed.\n", removed)
	default:
		fmt.Fprintln(out, "Done.")
	}
	return nil
}

type coding struct {
	name, suffix, remark string
	compress             func(context.Context, io.Writer, []byte) error
	limit                int64 // bytes; 0: none
}

// maxDownload is the maximum that a browser may have to load, in bytes.
const maxDownload = 940_000

func codings(fast bool) []coding {
	all := []coding{
		{name: "gzip", suffix: ".gz", compress: func(ctx context.Context, w io.Writer, b []byte) error {
			zw, err := gzip.NewWriterLevel(w, gzip.BestCompression)
			if err != nil {
				return err
			}
			return pour(ctx, zw, b)
		}},
		{name: "brotli", suffix: ".br", remark: " at its best, which takes a while", limit: maxDownload, compress: func(ctx context.Context, w io.Writer, b []byte) error {
			return pour(ctx, brotli.NewWriterOptions(w, brotli.WriterOptions{Quality: 11, LGWin: 24}), b)
		}},
	}
	if fast {
		return all[:1]
	}
	return all
}

// pour writes b piece by piece, so that a signal can end it.
func pour(ctx context.Context, w io.WriteCloser, b []byte) error {
	for len(b) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := w.Write(b[:min(len(b), 64<<10)])
		if err != nil {
			return err
		}
		b = b[n:]
	}
	return w.Close()
}

const temporaryPrefix = ".new-"

func temporary(dist, name string) string { return filepath.Join(dist, temporaryPrefix+name) }

func writeFile(path string, write func(io.Writer) error) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := write(file); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}

func removeLeftovers(dist string) error {
	paths, err := filepath.Glob(filepath.Join(dist, temporaryPrefix+"*"))
	if err != nil {
		return err
	}
	for _, path := range paths {
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	return nil
}

// removeOlder removes every app file that does not belong to the binary called name.
func removeOlder(dist, name string) (removed int, err error) {
	paths, err := filepath.Glob(filepath.Join(dist, "app.*"))
	if err != nil {
		return 0, err
	}
	for _, path := range paths {
		if strings.HasPrefix(filepath.Base(path), name) {
			continue
		}
		if err := os.Remove(path); err != nil {
			return removed, err
		}
		removed++
	}
	return removed, nil
}

// thousands writes n with a comma between groups of three digits.
func thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
