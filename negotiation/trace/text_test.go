package trace

import "testing"

func TestPrintable(t *testing.T) {
	for name, row := range map[string]struct{ text, want string }{
		"plain":                 {"Grüße, 你好 👋🏽", "Grüße, 你好 👋🏽"},
		"a terminal's command":  {"\x1b[31mred\x07", `\x1b[31mred\a`},
		"C1 control characters": {"a\u0085b\u009b", `a\u0085b\u009b`},
		"lines":                 {"a\r\nb\tc\u2028d\u2029e", `a\r\nb\tc\u2028d\u2029e`},
		"what deletes":          {"a\x7f\b\x00", `a\x7f\b\x00`},
		"not UTF-8":             {"caf\xe9 \xed\xa0\x80", `caf\ufffd \ufffd\ufffd\ufffd`},
		"embeddings":            {"\u202aa\u202bb\u202c", `\u202aa\u202bb\u202c`},
		"overrides":             {"\u202da\u202eb", `\u202da\u202eb`},
		"isolates":              {"\u2066a\u2067b\u2068c\u2069", `\u2066a\u2067b\u2068c\u2069`},
		"marks of direction":    {"שלום\u200f! \u200eabc سلام\u061c", "שלום\u200f! \u200eabc سلام\u061c"},
		"joiners":               {"می\u200cخواهم 👩\u200d💻", "می\u200cخواهم 👩\u200d💻"},
		"a backslash":           {`\x1b`, `\x1b`},
	} {
		if got := Printable(row.text); got != row.want {
			t.Errorf("%s: %q becomes %q, not %q", name, row.text, got, row.want)
		}
	}
}
