package trace

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"
)

// TestTables checks that each kind and each code is listed once and has words.
func TestTables(t *testing.T) {
	for file, known := range map[string]func(string) bool{
		"kind.go": func(value string) bool { return words[Kind(value)].text != "" && words[Kind(value)].level != "" },
		"code.go": func(value string) bool { return Code(value).Words() != "" },
	} {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		ast.Inspect(parsed, func(n ast.Node) bool {
			spec, is := n.(*ast.ValueSpec)
			if !is || len(spec.Values) != 1 {
				return true
			}
			typ, _ := spec.Type.(*ast.Ident)
			if typ == nil || typ.Name != "Kind" && typ.Name != "Code" {
				return true
			}
			value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil || seen[value] || !known(value) {
				t.Errorf("%s: %s (%q) has no words, or is there twice", file, spec.Names[0], value)
			}
			seen[value] = true
			return true
		})
		if len(seen) < 20 {
			t.Errorf("%s: only %d are found", file, len(seen))
		}
	}
}

func TestCodeOf(t *testing.T) {
	coded := Because(BadMid, errors.New("no mid"))
	for name, row := range map[string]struct {
		err  error
		want Code
	}{
		"none":    {nil, ""},
		"plain":   {errors.New("plain"), ""},
		"its own": {coded, BadMid},
		"wrapped": {fmt.Errorf("refused: %w, %w", errors.New("plain"), fmt.Errorf("section 1: %w", coded)), BadMid},
	} {
		if got := CodeOf(row.err); got != row.want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if Because(BadMid, nil) != nil {
		t.Error("no error has a code")
	}
	if coded.Error() != "no mid" {
		t.Errorf("its words are %q", coded)
	}
}
