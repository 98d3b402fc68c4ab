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

	"perfect-negotiation/negotiation"
)

// descriptionParser is a function that parses a description.
type descriptionParser struct{ kind, pkg, function string }

// parsers are ours and pion's.
var parsers = []descriptionParser{
	{"ours", "perfect-negotiation/negotiation/internal/sdp", "Parse"},
	{"pion", "github.com/pion/sdp/v3", "UnmarshalString"}, // which Unmarshal calls
}

// TestParses has a Session parse each description once, its own and the other side's.
func TestParses(t *testing.T) {
	if testing.Short() || negotiation.RaceEnabled {
		t.Skip("compiles the tests with counters")
	}
	p := newParses(t, parsers[:1])
	for _, with := range []string{"polite", "impolite"} {
		for what, want := range map[string]float64{"take-offer": 2, "make-offer": 1, "take-answer": 2} {
			if got := p.count(t, with+"/"+what)["ours"]; got != want {
				t.Errorf("%s, %s: %v descriptions are parsed, not %v", with, what, got, want)
			}
		}
	}
}

// BenchmarkParses counts how often each of those things that BenchmarkDescription
// does has a description parsed.
func BenchmarkParses(b *testing.B) {
	p := newParses(b, parsers)
	for _, with := range []string{"plain", "polite", "impolite"} {
		for _, what := range []string{"take-offer", "make-offer", "take-answer"} {
			b.Run(with+"/"+what, func(b *testing.B) {
				for b.Loop() {
					for kind, n := range p.count(b, with+"/"+what) {
						b.ReportMetric(n, kind+"/op")
					}
				}
				b.ReportMetric(0, "ns/op") // no time is measured
			})
		}
	}
}

// parses counts how often parsers are entered: by the counters of a coverage profile,
// so that the shipped code needs none.
type parses struct {
	binary    string
	functions []function
}

func newParses(t testing.TB, of []descriptionParser) *parses {
	t.Helper()
	p := &parses{binary: filepath.Join(t.TempDir(), "counting"), functions: findParsers(t, of)}
	var pkgs []string
	for _, f := range of {
		pkgs = append(pkgs, f.pkg)
	}
	run(t, "go", "test", "-c", "-vet=off", "-o", p.binary, "-covermode=atomic", "-coverpkg="+strings.Join(pkgs, ","), ".")
	return p
}

// count returns how often a case of BenchmarkDescription has parsers entered, by kind.
func (p *parses) count(t testing.TB, what string) map[string]float64 {
	t.Helper()
	few, many := p.entered(t, what, 2), p.entered(t, what, 12) // what comes before the loop is in both
	counts := map[string]float64{}
	for kind, n := range many {
		counts[kind] = float64(n-few[kind]) / 10
	}
	return counts
}

// run runs a command and returns its output.
func run(b testing.TB, name string, arguments ...string) string {
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

func findParsers(b testing.TB, parsers []descriptionParser) (found []function) {
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
func (p *parses) entered(b testing.TB, what string, n int) map[string]int {
	b.Helper()
	profile := filepath.Join(b.TempDir(), "profile")
	run(b, p.binary, "-test.run", "^$", "-test.bench", "^BenchmarkDescription$/^"+strings.ReplaceAll(what, "/", "$/^")+"$",
		"-test.benchtime", fmt.Sprintf("%dx", n), "-test.coverprofile", profile)
	text, err := os.ReadFile(profile)
	if err != nil {
		b.Fatal(err)
	}
	entries := map[string]int{}
	for _, f := range p.functions {
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
