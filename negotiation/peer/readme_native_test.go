//go:build !js

package peer

import (
	"os"
	"strings"
	"testing"
)

// The lines in README.md that join a room are those of the example hello, which runs.
func TestREADMEShowsHello(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	hello, err := os.ReadFile("examples/hello/main.go")
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(string(readme), "## Build an application on it\n")
	_, code, _ = strings.Cut(code, "```go\n")
	code, _, found := strings.Cut(code, "```\n")
	if !found || !strings.Contains(string(hello), "\t"+strings.ReplaceAll(strings.TrimSuffix(code, "\n"), "\n", "\n\t")+"\n") {
		t.Errorf("hello has other lines than README.md:\n%s", code)
	}
}
