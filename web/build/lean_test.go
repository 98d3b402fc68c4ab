package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// root is the module's directory.
const root = "../.."

func workspace(t *testing.T) (work string, err error) {
	t.Helper()
	abs, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	return lean(t.Context(), abs, t.TempDir())
}

// needed returns the packages in the page's program.
func needed(ctx context.Context, t *testing.T, work string) []string {
	t.Helper()
	cmd := exec.CommandContext(ctx, "go", "list", "-deps", "./wasm")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "GOWORK="+work)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(out))
}

// The program leaves the network to the browser, and the relay to the server.
func TestWhatTheProgramNeedsNot(t *testing.T) {
	for _, pkg := range needed(t.Context(), t, "off") {
		if pkg == "net/http" || strings.HasPrefix(pkg, "github.com/gorilla/") || strings.HasPrefix(pkg, "perfect-negotiation/server") {
			t.Errorf("it imports %s", pkg)
		}
	}
}

// With pion as build has it, the program leaves all of WebRTC and cryptography to the
// browser.
func TestLean(t *testing.T) {
	work, err := workspace(t)
	if err != nil {
		t.Fatal(err)
	}
	heavy := []string{"crypto", "encoding/asn1", "encoding/gob", "math/big", "net", "regexp", "text/template"}
	modules := []string{pion, "github.com/hack-pad/safejs", "github.com/valyala/fastjson", "golang.org/x/sync/semaphore"}
	for _, pkg := range needed(t.Context(), t, work) {
		foreign := strings.Contains(strings.Split(pkg, "/")[0], ".")
		known := slices.ContainsFunc(modules, func(m string) bool { return pkg == m || strings.HasPrefix(pkg, m+"/") })
		if slices.Contains(heavy, pkg) || strings.HasPrefix(pkg, "crypto/") || foreign && !known {
			t.Errorf("it imports %s", pkg)
		}
	}
}

func TestPionMoves(t *testing.T) {
	for file, names := range map[string][]string{"gone.go": nil, "operations.go": {"gone"}} {
		unused[file] = names
		_, err := workspace(t)
		delete(unused, file)
		if err == nil || !strings.Contains(err.Error(), "pion has moved: look at "+file) {
			t.Errorf("without %s %q it returns %v", file, names, err)
		}
	}
}
