//go:build !js

package negotiation

import (
	"go/build"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The core is the same list of files for a browser and for the host, and
// it is exactly what Source hashes.
func TestCoreIsTheSameOnBothTargets(t *testing.T) {
	core := func(goos, goarch string) []string {
		ctx := build.Default
		ctx.GOOS, ctx.GOARCH = goos, goarch
		pkg, err := ctx.ImportDir(".", 0)
		if err != nil {
			t.Fatal(err)
		}
		return slices.DeleteFunc(pkg.GoFiles, func(name string) bool {
			return strings.HasSuffix(name, "_js.go") || strings.HasSuffix(name, "_native.go")
		})
	}
	browser, host := core("js", "wasm"), core("linux", "amd64")
	if diff := cmp.Diff(host, browser); diff != "" {
		t.Errorf("the core differs between host and browser (-host +browser):\n%s", diff)
	}
	pkg, err := build.Default.ImportDir(".", 0)
	if err != nil {
		t.Fatal(err)
	}
	embedded := strings.Fields(strings.Join(pkg.EmbedPatterns, " "))
	slices.Sort(embedded)
	if diff := cmp.Diff(host, embedded); diff != "" {
		t.Errorf("Source does not hash the core (-core +hashed):\n%s", diff)
	}
	for _, name := range host {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "\n//go:build") || strings.HasPrefix(string(text), "//go:build") {
			t.Errorf("%s has a build tag", name)
		}
	}
	if len(Source()) != 64 {
		t.Errorf("Source() = %q", Source())
	}
}
