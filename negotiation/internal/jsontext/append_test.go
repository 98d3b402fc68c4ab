package jsontext

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzAppendString(f *testing.F) {
	for _, seed := range []string{"", "v=0\r\na=mid:0\r\n", `"\`, "\x00\x14\x1f\x7f", "é\u200b\u2028\U0001f600\U000e0001", "\xff\xefx\xef\xbf\xbd", "\ufffd"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var got string
		data := AppendString(nil, s)
		if err := json.Unmarshal(data, &got); err != nil || !utf8.Valid(data) {
			t.Fatalf("%q: %v", data, err)
		}
		// One U+FFFD for each byte that is not UTF-8.
		if want := string([]rune(s)); got != want {
			t.Fatalf("%q became %q", want, got)
		}
	})
}

func TestAppendField(t *testing.T) {
	b := AppendField(AppendField([]byte("{"), "a", "b"), "c", "\n")
	if got := string(b); got != `{"a":"b","c":"\n"` {
		t.Error(got)
	}
	if n := testing.AllocsPerRun(10, func() { b = AppendString(b[:0], strings.Repeat("x", 10)) }); n > 1 {
		t.Errorf("%v allocations", n)
	}
}
