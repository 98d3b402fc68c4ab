package web

import (
	"io/fs"
	"path"
	"strings"
	"testing"
)

func TestSlim(t *testing.T) {
	for before, after := range map[string]string{
		"// what\n\tf();  // why\n\n  g();":           "f();  // why\ng();\n",
		"/** one */\nf();\n  /*\n * two\n */\n\tg();": "f();\ng();\n",
		"/* three */ f();\n/* four\nfive */\ng();":    "/* three */ f();\ng();\n",
		"a { b: c; }\n\n  /* six */\n  d { e: f }":    "a { b: c; }\nd { e: f }\n",
	} {
		if got := string(slim([]byte(before))); got != after {
			t.Errorf("%q: %q, want %q", before, got, after)
		}
	}
}

// A text over several lines would lose its indentation, and what looks like a comment.
func TestNoTextOverSeveralLines(t *testing.T) {
	err := fs.WalkDir(files, ".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || path.Ext(name) != ".js" || strings.HasPrefix(name, "dist/") {
			return err
		}
		for i, line := range strings.Split(file(t, name), "\n") {
			if trimmed := strings.TrimSpace(line); !strings.HasPrefix(trimmed, "//") && strings.Count(line, "`")%2 != 0 {
				t.Errorf("%s:%d: %s", name, i+1, line)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
