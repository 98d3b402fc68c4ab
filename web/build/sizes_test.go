package main

import (
	"strings"
	"testing"
)

func TestByPackage(t *testing.T) {
	pkg := t.TempDir()
	write(t, pkg, "go.mod", "module tiny\n\ngo 1.26\n")
	write(t, pkg, "main.go", "package main\n\nfunc main() { println(1) }\n")
	module, err := compile(t.Context(), pkg, "off", named)
	if err != nil {
		t.Fatal(err)
	}
	list, rest, err := functions(module)
	if err != nil {
		t.Fatal(err)
	}
	sum, names := len(rest), 0
	for _, f := range list {
		sum, names = sum+len(f.code), names+len(f.name)
	}
	// What is missing is the names, and the lengths of all.
	if missing := len(module) - sum - names; missing < 0 || missing > 20*len(list) {
		t.Errorf("of %d bytes %d are missing, and %d are names", len(module), len(module)-sum, names)
	}
	size := map[string]int{}
	for _, p := range byPackage(list, []string{"runtime", "internal/runtime/maps"}) {
		size[p.name] = len(p.content)
	}
	if size["the program"] == 0 || size["the program"] > 1000 || size["runtime"] < 500_000 || size["internal/runtime/maps"] == 0 {
		t.Errorf("it finds %v", size)
	}

	for _, end := range []int{0, 7, 9, 1000, len(module) / 2, len(module) - 1} {
		if _, _, err := functions(module[:end]); err == nil {
			t.Errorf("its first %d bytes can be read", end)
		}
	}
}

func TestWriteParts(t *testing.T) {
	var out strings.Builder
	writeParts(&out, []*part{{"a", make([]byte, 2000), 1000}, {"b", make([]byte, 10), 5}, {"c", make([]byte, 4000), 1200}})
	const want = "     bytes     brotli\n" +
		"     4,000      1,200  c\n" +
		"     2,000      1,000  a\n" +
		"        10          5  1 smaller ones\n" +
		"     6,010      2,205  all\n"
	if got := out.String(); got != want {
		t.Errorf("it writes\n%s", got)
	}
}
