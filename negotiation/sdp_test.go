package negotiation

import (
	"strings"
	"testing"
)

func TestWithExtensions(t *testing.T) {
	for name, test := range map[string]struct{ before, after string }{
		"none":             {"m=audio 9", "m=audio 9"},
		"the same in both": {"m=audio 9|a=extmap:1 a|m=video 9|a=extmap:1 a", "m=audio 9|a=extmap:1 a|m=video 9|a=extmap:1 a"},
		"one id, two uris": {"m=audio 9|a=extmap:1 a|a=extmap:2 b|m=video 9|a=extmap:1 c", "m=audio 9|a=extmap:1 a|a=extmap:2 b|m=video 9|a=extmap:3 c"},
		"two ids, one uri": {"m=audio 9|a=extmap:1 a|m=video 9|a=extmap:2 a", "m=audio 9|a=extmap:1 a|m=video 9|a=extmap:1 a"},
		"directions":       {"m=audio 9|a=extmap:1/sendonly a x|m=video 9|a=extmap:1/recvonly b", "m=audio 9|a=extmap:1/sendonly a x|m=video 9|a=extmap:2/recvonly b"},
	} {
		lines := func(text string) string { return strings.ReplaceAll(text+"|", "|", "\r\n") }
		if got := withExtensions(lines(test.before)); got != lines(test.after) {
			t.Errorf("%s: %q", name, got)
		}
	}
	var all strings.Builder
	for range 20 {
		all.WriteString("a=extmap:1 " + strings.Repeat("u", all.Len()) + "\r\n")
	}
	if text := withExtensions(all.String()); strings.Contains(text, "a=extmap:15 ") || !strings.Contains(text, "a=extmap:16 ") {
		t.Errorf("15 is no id: %q", text)
	}
}

func TestWithDirections(t *testing.T) {
	lines := func(text string) string { return "v=0\r\n" + strings.ReplaceAll(text, "|", "\r\n") + "\r\n" }
	for before, after := range map[string]string{
		"m=audio 9|a=mid:0|a=sendonly|a=x":                       "m=audio 9|a=mid:0|a=x|a=sendonly",
		"m=audio 9|a=mid:0|m=video 9|a=recvonly|m=application 9": "m=audio 9|a=mid:0|a=sendrecv|m=video 9|a=recvonly|m=application 9",
		"a=inactive|m=audio 9":                                   "a=inactive|m=audio 9|a=inactive",
	} {
		parsed, err := parse(lines(before))
		if err != nil {
			t.Fatal(err)
		}
		if got := withDirections(lines(before), parsed.sections()); got != lines(after) {
			t.Errorf("%q became %q", before, got)
		}
	}
}
