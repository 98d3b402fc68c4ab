//go:build !js

package negotiation_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// parsers are the functions that parse a description, ours and pion's. Of each kind
// at least one must be there.
var parsers = []struct{ kind, pkg, function string }{
	{"ours", "perfect-negotiation/negotiation", "parse"},
	{"ours", "perfect-negotiation/negotiation/internal/sdp", "Parse"},
	{"pion", "github.com/pion/sdp/v3", "UnmarshalString"}, // which Unmarshal calls
}

// BenchmarkParses counts how often each of those things that BenchmarkDescription
// does has a description parsed. It builds the tests with counters, so that the
// shipped code needs none, and looks how often the parsers were entered.
func BenchmarkParses(b *testing.B) {
	binary := filepath.Join(b.TempDir(), "counting")
	run(b, "go", "test", "-c", "-o", binary, "-covermode=atomic", "-coverpkg=perfect-negotiation/negotiation/...,github.com/pion/sdp/v3", ".")
	functions := findParsers(b)
	for _, with := range []string{"plain", "polite", "impolite"} {
		for _, what := range []string{"take-offer", "make-offer", "take-answer"} {
			b.Run(with+"/"+what, func(b *testing.B) {
				for b.Loop() {
					few := entered(b, functions, binary, with+"/"+what, 2)
					many := entered(b, functions, binary, with+"/"+what, 12)
					for kind, n := range many { // what comes before the loop is in both
						b.ReportMetric(float64(n-few[kind])/10, kind+"/op")
					}
				}
				b.ReportMetric(0, "ns/op") // no time is measured
			})
		}
	}
}

// run runs a command and returns its output.
func run(b *testing.B, name string, arguments ...string) string {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), name, arguments...)
	var errors strings.Builder
	cmd.Stderr = &errors
	out, err := cmd.Output()
	if err != nil {
		b.Fatalf("%s %s: %v\n%s%s", name, arguments, err, out, &errors)
	}
	return string(out)
}

// function is where one of the parsers is.
type function struct {
	kind       string
	file       string // as a coverage profile names it
	begin, end int    // lines
}

func findParsers(b *testing.B) (found []function) {
	b.Helper()
	kinds := map[string]int{}
	for _, p := range parsers {
		kinds[p.kind] += 0
		dir := strings.TrimSpace(run(b, "go", "list", "-e", "-f", "{{.Dir}}", p.pkg))
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			b.Fatal(err)
		}
		if dir == "" {
			continue // no such package
		}
		for _, name := range files {
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
			if err != nil {
				b.Fatal(err)
			}
			for _, d := range file.Decls {
				if f, is := d.(*ast.FuncDecl); is && f.Name.Name == p.function && !strings.HasSuffix(name, "_test.go") {
					found = append(found, function{p.kind, path.Join(p.pkg, filepath.Base(name)), set.Position(f.Pos()).Line, set.Position(f.End()).Line})
					kinds[p.kind]++
				}
			}
		}
	}
	for kind, n := range kinds {
		if n == 0 {
			b.Fatalf("none of the functions that parse is there: %s of %v", kind, parsers)
		}
	}
	return found
}

// entered has one case of BenchmarkDescription do its thing n times, and returns how
// often the functions were entered, by kind.
func entered(b *testing.B, functions []function, binary, what string, n int) map[string]int {
	b.Helper()
	profile := filepath.Join(b.TempDir(), "profile")
	run(b, binary, "-test.run", "^$", "-test.bench", "^BenchmarkDescription$/^"+strings.ReplaceAll(what, "/", "$/^")+"$",
		"-test.benchtime", fmt.Sprintf("%dx", n), "-test.coverprofile", profile)
	text, err := os.ReadFile(profile)
	if err != nil {
		b.Fatal(err)
	}
	entries := map[string]int{}
	for _, f := range functions {
		line, column := f.end+1, 0 // where its first block begins
		count := 0
		for block := range strings.Lines(string(text)) {
			rest, of := strings.CutPrefix(block, f.file+":")
			if !of {
				continue
			}
			var l, c, endLine, endColumn, statements, n int
			if _, err := fmt.Sscanf(rest, "%d.%d,%d.%d %d %d", &l, &c, &endLine, &endColumn, &statements, &n); err != nil {
				b.Fatalf("%q: %v", block, err)
			}
			if l >= f.begin && (l < line || l == line && c < column) {
				line, column, count = l, c, n
			}
		}
		if line > f.end {
			b.Fatalf("the profile has nothing of %s:%d", f.file, f.begin)
		}
		entries[f.kind] += count
	}
	return entries
}
