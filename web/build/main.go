// Command build compiles the program in wasm/ into web/dist, where the page finds it:
//
//	go run ./web/build [-fast]
//	go run ./web/build -sizes
//
// It leaves app.<hash>.wasm there with .gz and .br beside it, the wasm_exec.js of
// the same Go, and in packed/ the page's scripts and styles, bundled by esbuild. -fast
// does not compress the program with brotli, which takes most of the time. A build that
// changes nothing writes nothing, and an interrupted one leaves the last good build,
// as does one whose .br would exceed 940,000 bytes. -sizes leaves all as it is, and
// prints what each package has in the program, before and after compression.
//
// It builds pion/webrtc without the declarations in unused.go, which a page never uses.
// Whoever builds the module in another way gets the same program with pion as it is,
// a quarter larger.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

func main() {
	fast := flag.Bool("fast", false, "do not compress the program with brotli")
	bySize := flag.Bool("sizes", false, "print the size of each package, and write nothing")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "build: unexpected argument %q\n", flag.Arg(0))
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *fast, *bySize); err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, fast, bySize bool) error {
	mod, err := goEnv(ctx, "GOMOD")
	if err != nil {
		return err
	}
	if filepath.Base(mod) != "go.mod" {
		return errors.New("no go.mod here: run it inside the repository")
	}
	root := filepath.Dir(mod)
	dir, err := os.MkdirTemp("", "lean-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	work, err := lean(ctx, root, dir)
	if err != nil {
		return err
	}
	program := filepath.Join(root, "wasm")
	if bySize {
		return sizes(ctx, program, work, os.Stdout)
	}
	if err := build(ctx, program, work, filepath.Join(root, "web", "dist"), fast, os.Stdout); err != nil {
		return err
	}
	return pack(ctx, filepath.Join(root, "web"), os.Stdout)
}

func goEnv(ctx context.Context, name string) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", name).Output()
	if err != nil {
		return "", fmt.Errorf("go env %s: %w", name, err)
	}
	return strings.TrimSpace(string(out)), nil
}
