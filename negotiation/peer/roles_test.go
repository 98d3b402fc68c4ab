package peer

import (
	"testing"

	"perfect-negotiation/negotiation/signaling"
)

func TestExactlyOneIsPolite(t *testing.T) {
	rank := func(n int) *int { return &n }
	for _, row := range []struct {
		name   string
		a, b   signaling.Member
		polite string // id of the polite one; "": not paired
	}{
		{"explicit roles", signaling.Member{ID: "a", Role: "impolite", Rank: rank(3)}, signaling.Member{ID: "b", Role: "polite", Rank: rank(0)}, "b"},
		{"one explicit role, polite", signaling.Member{ID: "a", Role: "polite", Rank: rank(0)}, signaling.Member{ID: "b", Rank: rank(3)}, "a"},
		{"one explicit role, impolite", signaling.Member{ID: "a", Role: "impolite", Rank: rank(3)}, signaling.Member{ID: "b", Rank: rank(0)}, "b"},
		{"a plain page with a role", signaling.Member{ID: "a", Rank: rank(3)}, signaling.Member{ID: "b", Role: "polite"}, "b"},
		{"the higher rank", signaling.Member{ID: "a", Rank: rank(RankChromium)}, signaling.Member{ID: "b", Rank: rank(RankNative)}, "b"},
		{"a tie", signaling.Member{ID: "a", Rank: rank(0)}, signaling.Member{ID: "b", Rank: rank(0)}, "a"},
		{"equal roles", signaling.Member{ID: "a", Role: "polite"}, signaling.Member{ID: "b", Role: "polite"}, ""},
		{"neither role nor rank", signaling.Member{ID: "a", Rank: rank(3)}, signaling.Member{ID: "b"}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			a, errA := polite(row.a, row.b)
			b, errB := polite(row.b, row.a)
			if (errA != nil) != (row.polite == "") || (errB != nil) != (row.polite == "") {
				t.Fatalf("errors %v and %v", errA, errB)
			}
			if row.polite != "" && (a == b || a != (row.polite == "a")) {
				t.Errorf("a is polite: %v, b is polite: %v", a, b)
			}
		})
	}
}
