package negotiation

import (
	"strings"
	"testing"
)

// lines makes text of lines between bars.
func lines(text string) string { return strings.ReplaceAll(text, "|", "\r\n") + "\r\n" }

func sectionsOf(t *testing.T, text string) []section {
	t.Helper()
	parsed, err := parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed.sections()
}

func TestWithExtensions(t *testing.T) {
	for name, test := range map[string]struct{ negotiated, before, after string }{
		"none":                      {"", "m=audio 9", "m=audio 9"},
		"the same in both":          {"", "m=audio 9|a=extmap:1 a|m=video 9|a=extmap:1 a", "m=audio 9|a=extmap:1 a|m=video 9|a=extmap:1 a"},
		"one id, two uris":          {"", "m=audio 9|a=extmap:1 a|a=extmap:2 b|m=video 9|a=extmap:1 c", "m=audio 9|a=extmap:1 a|a=extmap:2 b|m=video 9|a=extmap:3 c"},
		"two ids, one uri":          {"", "m=audio 9|a=extmap:1 a|m=video 9|a=extmap:2 a", "m=audio 9|a=extmap:1 a|m=video 9|a=extmap:1 a"},
		"directions":                {"", "m=audio 9|a=extmap:1/sendonly a x|m=video 9|a=extmap:1/recvonly b", "m=audio 9|a=extmap:1/sendonly a x|m=video 9|a=extmap:2/recvonly b"},
		"the second was negotiated": {"m=audio 9|a=mid:1|a=extmap:1 b", "m=video 9|a=mid:0|a=extmap:1 a|m=audio 9|a=mid:1|a=extmap:1 b", "m=video 9|a=mid:0|a=extmap:2 a|m=audio 9|a=mid:1|a=extmap:1 b"},
		"it is not offered":         {"m=audio 9|a=mid:1|a=extmap:1 b", "m=video 9|a=mid:0|a=extmap:1 a", "m=video 9|a=mid:0|a=extmap:2 a"},
		"it was rejected":           {"m=audio 0|a=mid:1|a=extmap:1 b", "m=video 9|a=mid:1|a=extmap:1 a", "m=video 9|a=mid:1|a=extmap:2 a"},
		"the first was rejected":    {"m=audio 0|a=mid:1|a=extmap:1 b|m=audio 9|a=mid:2|a=extmap:1 c", "m=video 9|a=mid:1|a=extmap:1 a|m=audio 9|a=mid:2|a=extmap:1 c", "m=video 9|a=mid:1|a=extmap:2 a|m=audio 9|a=mid:2|a=extmap:1 c"},
	} {
		negotiated := sectionsOf(t, "v=0\r\n"+lines(test.negotiated))
		if got := withExtensions(lines(test.before), negotiated); got != lines(test.after) {
			t.Errorf("%s: %q", name, got)
		}
	}
	var all strings.Builder
	for range 20 {
		all.WriteString("a=extmap:1 " + strings.Repeat("u", all.Len()) + "\r\n")
	}
	if text := withExtensions(all.String(), nil); strings.Contains(text, "a=extmap:15 ") || !strings.Contains(text, "a=extmap:16 ") {
		t.Errorf("15 is no id: %q", text)
	}
}

func TestWithOffered(t *testing.T) {
	offered := sectionsOf(t, lines("v=0|m=audio 9|a=mid:0|a=extmap:1 a|a=extmap:2/sendonly b|m=video 9|a=mid:1|a=extmap:3 c"))
	answer := "v=0|m=audio 9|a=mid:0|a=extmap:1 a|a=extmap:4 a|a=extmap:2/recvonly b|a=extmap:3 c|m=video 9|a=mid:1|a=extmap:3 d|a=extmap:3 c"
	want := "v=0|m=audio 9|a=mid:0|a=extmap:1 a|a=extmap:2/recvonly b|m=video 9|a=mid:1|a=extmap:3 c"
	if got := withOffered(lines(answer), offered); got != lines(want) {
		t.Errorf("%q", got)
	}
}

func TestWithDirections(t *testing.T) {
	for before, after := range map[string]string{
		"v=0|m=audio 9|a=mid:0|a=sendonly|a=x":                       "v=0|m=audio 9|a=mid:0|a=x|a=sendonly",
		"v=0|m=audio 9|a=mid:0|m=video 9|a=recvonly|m=application 9": "v=0|m=audio 9|a=mid:0|a=sendrecv|m=video 9|a=recvonly|m=application 9",
		"v=0|a=inactive|m=audio 9":                                   "v=0|a=inactive|m=audio 9|a=inactive",
	} {
		if got := withDirections(lines(before), sectionsOf(t, lines(before))); got != lines(after) {
			t.Errorf("%q became %q", before, got)
		}
	}
}
