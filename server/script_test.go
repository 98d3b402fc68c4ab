package main

import (
	"errors"
	"flag"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "write what the program prints into the scripts")

// TestScript types what the scripts in testdata say. None of our variables are in their
// environment. Beside the commands of package testscript they have these:
//
//	exits CODE program [argument ...]   run a program that ends with an exit code
//	wrong program [argument ...]        run it with a wrong command line: it ends with
//	                                    2, prints nothing, and tells where help is
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		UpdateScripts:       *update,
		Deadline:            time.Now().Add(2 * time.Minute), // what is not refused would serve for ever
		Setup: func(env *testscript.Env) error {
			env.Setenv("GORACE", "atexit_sleep_ms=0") // else each program waits 1 s for races
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": func(ts *testscript.TestScript, neg bool, args []string) {
				code := -1
				if len(args) > 1 {
					code, _ = strconv.Atoi(args[0])
				}
				if neg || code < 0 {
					ts.Fatalf("usage: exits CODE program [argument ...]")
				}
				exits(ts, code, args[1:])
			},
			"wrong": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) == 0 {
					ts.Fatalf("usage: wrong program [argument ...]")
				}
				exits(ts, 2, args)
				if text := ts.ReadFile("stdout"); text != "" {
					ts.Fatalf("it prints %q", text)
				}
				if text := ts.ReadFile("stderr"); !strings.HasSuffix(text, "\nTry --help.\n") {
					ts.Fatalf("it does not tell where help is")
				}
			},
		},
	})
}

func exits(ts *testscript.TestScript, code int, command []string) {
	got := 0
	if err := ts.Exec(command[0], command[1:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != code {
		ts.Fatalf("exit code %d, not %d", got, code)
	}
}
