package web

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"perfect-negotiation/negotiation/trace"
)

// The lines of the source that the page quotes are there, each once, and so are those of
// the W3C sample, in the copy that a test runs.
func TestQuotedLines(t *testing.T) {
	js := file(t, "inspector/rules.js")
	sample := file(t, "../server/e2e/testdata/sample.js")
	files := map[string]string{} // by the constant that names them
	for _, m := range regexp.MustCompile(`const (\w+) = ("negotiation/[^"]+");`).FindAllStringSubmatch(js, -1) {
		files[m[1]] = m[2]
	}
	rules := regexp.MustCompile(`(?m)^  "([a-z-]+)(?:/[a-z-]+)?": \{\n    rule: .*\n(?:    sample: (".*"),\n)?    source: \[("?[\w./]+"?), (".*")\],\n  \},$`).FindAllStringSubmatch(js, -1)
	if n := strings.Count(js, "rule: "); len(rules) != n || n == 0 {
		t.Fatalf("%d of %d rules can be read", len(rules), n)
	}
	for _, m := range rules {
		kind, name, line := m[1], m[3], unquoted(t, m[4])
		if files[name] != "" {
			name = files[name]
		}
		if (trace.Event{Kind: trace.Kind(kind)}).Level() == "" {
			t.Errorf("%s is no kind of an event", kind)
		}
		if n := strings.Count(file(t, "../"+unquoted(t, name)), "\t"+line+"\n"); n != 1 {
			t.Errorf("%s: %s has %d lines %s", kind, name, n, line)
		}
		if m[2] != "" && !strings.Contains(sample, unquoted(t, m[2])) {
			t.Errorf("%s: the sample has no %s", kind, m[2])
		}
	}
}

func file(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func unquoted(t *testing.T, s string) string {
	t.Helper()
	s, err := strconv.Unquote(s)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
