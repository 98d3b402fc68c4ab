package peer

import "testing"

func TestShortID(t *testing.T) {
	for id, want := range map[string]string{
		"": "", "a": "a", "abcdefghi": "abcdefghi", "abcdefghij": "abcde-fghij", "abcdefghijklmnop": "abcde-fghij",
	} {
		if got := ShortID(id); got != want {
			t.Errorf("%q: %q", id, got)
		}
	}
	if ShortID("abcdefghij234567") == ShortID("abcdefghik234567") {
		t.Error("two ids look alike")
	}
}
