package main

import (
	"regexp"
	"strings"
	"testing"
)

func TestCut(t *testing.T) {
	const src = `package p

import (
	"a/one"
	"b/two/v4"
	_ "c/three"
)

// T is kept.
type T struct {
	X one.X
	Y two.Y // goes
}

func (t *T) M() two.Y { return t.Y }

func M() one.X { return one.X{} }
`
	const want = `package p

import (
	"a/one"

	_ "c/three"
)

// T is kept.
type T struct {
	X one.X
	// goes
}



func M() one.X { return one.X{} }
`
	got, err := cut([]byte(src), []string{"T.Y", "T.M"})
	if err != nil {
		t.Fatal(err)
	}
	if got := trimmed(got); got != want {
		t.Errorf("it leaves\n%s", got)
	}

	got, err = cut([]byte("package p\n\nimport \"strings\"\n\nfunc f() { strings.Clone() }\n"), []string{"f"})
	if err != nil {
		t.Fatal(err)
	}
	if got := trimmed(got); got != "package p\n\n\n\n\n" {
		t.Errorf("it leaves\n%s", got)
	}

	for _, name := range []string{"m", "T.m", "T.one", "T"} {
		if _, err := cut([]byte(src), []string{name}); err == nil || !strings.Contains(err.Error(), name+" is not declared") {
			t.Errorf("%s: it returns %v", name, err)
		}
	}
}

var blanks = regexp.MustCompile(`(?m) {2,}|[ \t]+$`)

// trimmed returns a source without the blanks that cut leaves.
func trimmed(src []byte) string { return string(blanks.ReplaceAll(blanks.ReplaceAll(src, nil), nil)) }
