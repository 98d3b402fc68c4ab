package sdp

import (
	"strings"
	"testing"
)

// text returns lines that are between bars.
func text(lines string) string { return strings.ReplaceAll(lines, "|", "\r\n") + "\r\n" }

// edited returns text after an edit.
func edited(text string, edit func(*Description)) string {
	d := Parse(text)
	edit(d)
	return d.String()
}

func TestRenumberExtensions(t *testing.T) {
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
		negotiated := Parse(text(test.negotiated)).Sections()
		if got := edited(text(test.before), func(d *Description) { d.RenumberExtensions(negotiated) }); got != text(test.after) {
			t.Errorf("%s: %q", name, got)
		}
	}
	var all strings.Builder
	for range 20 {
		all.WriteString("a=extmap:1 " + strings.Repeat("u", all.Len()) + "\r\n")
	}
	if text := edited("m=audio 9\r\n"+all.String(), func(d *Description) { d.RenumberExtensions(nil) }); strings.Contains(text, "a=extmap:15 ") || !strings.Contains(text, "a=extmap:16 ") {
		t.Errorf("15 is no id: %q", text)
	}
}

func TestKeepExtensions(t *testing.T) {
	offered := Parse(text("v=0|m=audio 9|a=mid:0|a=extmap:1 a|a=extmap:2/sendonly b|m=video 9|a=mid:1|a=extmap:3 c")).Sections()
	answer := "v=0|m=audio 9|a=mid:0|a=extmap:1 a|a=extmap:4 a|a=extmap:2/recvonly b|a=extmap:3 c|m=video 9|a=mid:1|a=extmap:3 d|a=extmap:3 c"
	want := "v=0|m=audio 9|a=mid:0|a=extmap:1 a|a=extmap:2/recvonly b|m=video 9|a=mid:1|a=extmap:3 c"
	if got := edited(text(answer), func(d *Description) { d.KeepExtensions(offered) }); got != text(want) {
		t.Errorf("%q", got)
	}
}

func TestSetDirection(t *testing.T) {
	for _, test := range []struct {
		before, after string
		to            Direction
	}{
		{"v=0|m=audio 9|a=mid:0|a=sendonly|a=x", "v=0|m=audio 9|a=mid:0|a=sendonly|a=x", Sendonly},
		{"v=0|m=audio 9|a=mid:0|a=sendonly|a=x", "v=0|m=audio 9|a=mid:0|a=x|a=inactive", Inactive},
		{"v=0|m=audio 9|a=mid:0", "v=0|m=audio 9|a=mid:0|a=sendrecv", Sendrecv},
		{"v=0|m=audio 9|a=sendonly|a=recvonly|a=sendonly", "v=0|m=audio 9|a=sendonly", Sendonly},
		{"v=0|a=inactive|m=audio 9", "v=0|a=inactive|m=audio 9|a=inactive", Inactive},
	} {
		got := edited(text(test.before), func(d *Description) { d.Media[0].SetDirection(test.to) })
		if got != text(test.after) || Parse(got).Media[0].Direction != test.to {
			t.Errorf("%q became %q", test.before, got)
		}
	}
}

func TestLimitDirections(t *testing.T) {
	offered := Parse(text("v=0|m=audio 9|a=mid:0|a=recvonly|m=video 9|a=mid:1|m=video 9|a=mid:2|a=inactive|m=application 9|a=mid:3")).Sections()
	answer := "v=0|m=audio 9|a=mid:0|a=sendrecv|a=x|m=video 9|a=mid:1|a=recvonly|m=video 9|a=mid:2|m=application 9|a=mid:3"
	want := "v=0|m=audio 9|a=mid:0|a=x|a=sendonly|m=video 9|a=mid:1|a=recvonly|m=video 9|a=mid:2|a=inactive|m=application 9|a=mid:3"
	if got := edited(text(answer), func(d *Description) { d.LimitDirections(offered) }); got != text(want) {
		t.Errorf("%q", got)
	}
}

func TestSetTag(t *testing.T) {
	const offer = "v=0|a=group:BUNDLE 0 1 2|m=audio 9|a=mid:0|m=video 9|a=mid:1|m=application 9|a=mid:2"
	for name, test := range map[string]struct {
		before []string
		after  string
	}{
		"data first in a first offer": {nil, "2 0 1"},
		"the tag of before":           {[]string{"1", "0"}, "1 0 2"},
		"the next that is there":      {[]string{"9", "1"}, "1 0 2"},
		"none is there":               {[]string{"9"}, "0 1 2"},
		"there was no group":          {[]string{}, "0 1 2"},
	} {
		got := edited(text(offer), func(d *Description) { d.SetTag(test.before) })
		if want := strings.Replace(text(offer), "0 1 2", test.after, 1); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestEdits(t *testing.T) {
	for name, test := range map[string]struct {
		before, after string
		edit          func(*Description)
	}{
		"mids that are missing": {"v=0|m=audio 0|m=video 9|a=mid:b|m=video 9", "v=0|m=audio 0|a=mid:a|m=video 9|a=mid:b|m=video 9",
			func(d *Description) { d.FillMids([]Section{{Mid: "a"}, {Mid: "x"}, {}}) }},
		"a mid in the group": {"v=0|a=group:BUNDLE 0 1|m=audio 9|a=mid:0|m=application 9|a=mid:1", "v=0|a=group:BUNDLE 0 d|m=audio 9|a=mid:0|m=application 9|a=mid:d",
			func(d *Description) { d.Rename(d.Media[1], "d") }},
		"a mid that two have": {"v=0|a=group:BUNDLE 1 1|m=audio 9|a=mid:1|m=application 9|a=mid:1", "v=0|a=group:BUNDLE 1 d|m=audio 9|a=mid:1|m=application 9|a=mid:d",
			func(d *Description) { d.Rename(d.Media[1], "d") }},
		"a second group": {"v=0|a=group:BUNDLE 0|a=group:BUNDLE 1|m=audio 9|a=mid:0", "v=0|a=group:BUNDLE d|a=group:BUNDLE 1|m=audio 9|a=mid:d",
			func(d *Description) { d.Rename(d.Media[0], "d") }},
		"the DTLS role": {"v=0|a=setup:actpass|m=audio 9|a=setup:active|m=video 9", "v=0|a=setup:passive|m=audio 9|a=setup:passive|m=video 9",
			func(d *Description) { d.SetSetup("passive") }},
		"candidates": {"v=0|a=group:BUNDLE 1 0|m=audio 9|a=mid:0|a=candidate:1|a=x|a=end-of-candidates|m=video 9|a=mid:1|a=candidate:2", "v=0|a=group:BUNDLE 1 0|m=audio 9|a=mid:0|a=x|m=video 9|a=mid:1|a=candidate:1|a=end-of-candidates|a=candidate:2",
			func(d *Description) { d.CollectCandidates() }},
		"candidates without a group": {"v=0|m=audio 9|a=mid:0|a=candidate:1", "v=0|m=audio 9|a=mid:0|a=candidate:1",
			func(d *Description) { d.CollectCandidates() }},
		"a kind": {"v=0|m=audio 9 X 0|a=mid:0", "v=0|m=text 9 X 0|a=mid:0",
			func(d *Description) { d.Media[0].SetKind("text") }},
		"the last attribute of a name": {"v=0|m=audio 9|a=x:1|a=x:2|a=y", "v=0|m=audio 9|a=x:1|a=y",
			func(d *Description) { d.Media[0].Take("x") }},
	} {
		if got := edited(text(test.before), test.edit); got != text(test.after) {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := edited("v=0\r\nm=audio 9", func(d *Description) { d.Media[0].SetMid("0") }); got != "v=0\r\nm=audio 9\r\na=mid:0\r\n" {
		t.Errorf("after a last line without an end: %q", got)
	}
}
