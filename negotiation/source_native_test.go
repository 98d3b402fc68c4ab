//go:build !js

package negotiation

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"go/build"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the Source of today")

// deciding are the packages whose sources Source is over.
var deciding = []string{".", "internal/browser", "internal/held", "internal/sdp", "internal/timing", "call", "peer", "recovery", "signaling/link", "trace"}

// TestSource hashes the sources that decide: they are the same files for a browser
// and for the host. The name of the module, which whoever hosts it may change, counts for
// nothing.
func TestSource(t *testing.T) {
	core := func(goos, goarch string) []string {
		ctx := build.Default
		ctx.GOOS, ctx.GOARCH = goos, goarch
		var files []string
		for _, dir := range deciding {
			pkg, err := ctx.ImportDir(dir, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range pkg.GoFiles {
				if !strings.HasSuffix(name, "_js.go") && !strings.HasSuffix(name, "_native.go") {
					files = append(files, filepath.ToSlash(filepath.Join(dir, name)))
				}
			}
		}
		slices.Sort(files)
		return files
	}
	browser, host := core("js", "wasm"), core("linux", "amd64")
	if diff := cmp.Diff(host, browser); diff != "" {
		t.Errorf("the core differs between host and browser (-host +browser):\n%s", diff)
	}
	own := strings.TrimSuffix(reflect.TypeFor[Session]().PkgPath(), "/negotiation")
	sum := sha256.New()
	for _, name := range host {
		text, err := os.ReadFile(filepath.FromSlash(name))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "\n//go:build") || strings.HasPrefix(string(text), "//go:build") {
			t.Errorf("%s has a build tag", name)
		}
		if name != "source.go" { // it holds the hash
			sum.Write([]byte(name + "\n"))
			sum.Write(bytes.ReplaceAll(text, []byte(own+"/"), nil))
		}
	}
	today := hex.EncodeToString(sum.Sum(nil))
	if *update {
		writeSource(t, today)
	} else if today != Source {
		t.Errorf("Source is of other sources than these: go generate ./negotiation")
	}
}

func writeSource(t *testing.T, today string) {
	text, err := os.ReadFile("source.go")
	if err != nil {
		t.Fatal(err)
	}
	before, _, _ := strings.Cut(string(text), "const Source = ")
	if err := os.WriteFile("source.go", []byte(before+"const Source = \""+today+"\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}
