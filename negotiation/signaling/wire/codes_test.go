package wire

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"
)

// Every code has exactly one row in the table, and the package comment gives its
// close code.
func TestCloseCodes(t *testing.T) {
	parsed, err := parser.ParseFile(token.NewFileSet(), "codes.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]int{}
	for _, row := range closeCodes {
		rows[row.code]++
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "Code") {
			return true
		}
		code, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		if rows[code] != 1 {
			t.Errorf("%s is %d times in the table", code, rows[code])
		}
		delete(rows, code)
		return true
	})
	for code := range rows {
		t.Errorf("%s is in the table, and no constant", code)
	}

	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]string{} // by code: the close code, or nothing
	_, after, _ := strings.Cut(string(text), "with the close code:")
	for line := range strings.Lines(after) {
		line, ok := strings.CutPrefix(line, "//\t")
		if !ok {
			continue
		}
		fields := strings.Fields(line)
		for _, code := range fields[:len(fields)-1] {
			said[strings.TrimSuffix(code, ",")] = fields[len(fields)-1]
		}
	}
	for _, row := range closeCodes {
		want := ""
		if row.close > 0 {
			want = strconv.Itoa(row.close)
		}
		if said[row.code] != want {
			t.Errorf("the text says that %s closes with %q, the table says %q", row.code, said[row.code], want)
		}
		delete(said, row.code)
	}
	for code := range said {
		t.Errorf("the text tells of the code %s, the table does not", code)
	}
	if got := CloseCode("to come"); got != 4400 {
		t.Errorf("a code that is not known closes with %d", got)
	}
}
