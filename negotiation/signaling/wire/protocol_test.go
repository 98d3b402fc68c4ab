package wire

import "testing"

func TestParseProtocol(t *testing.T) {
	for text, want := range map[string]int{
		"": 1, "1": 1, "2": 2, "99": 99, "0": 0, "-1": -1,
		"one": 1, "1.5": 1, " 2": 1, "99999999999999999999": 1,
	} {
		if got := ParseProtocol(text); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
	if Protocol < MinProtocol || MinProtocol < FirstProtocol {
		t.Errorf("it speaks %d, wants at least %d, and the first was %d", Protocol, MinProtocol, FirstProtocol)
	}
}
