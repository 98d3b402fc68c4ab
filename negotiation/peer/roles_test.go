package peer

import (
	"testing"

	"perfect-negotiation/negotiation/signaling/wire"
)

func TestExactlyOneIsPolite(t *testing.T) {
	rank := func(n int) *int { return &n }
	for _, row := range []struct {
		name   string
		a, b   wire.Member
		polite string // id of the polite one; "": not paired
	}{
		{"explicit roles", wire.Member{ID: "a", Role: "impolite", Rank: rank(3)}, wire.Member{ID: "b", Role: "polite", Rank: rank(0)}, "b"},
		{"one explicit role, polite", wire.Member{ID: "a", Role: "polite", Rank: rank(0)}, wire.Member{ID: "b", Rank: rank(3)}, "a"},
		{"one explicit role, impolite", wire.Member{ID: "a", Role: "impolite", Rank: rank(3)}, wire.Member{ID: "b", Rank: rank(0)}, "b"},
		{"a plain page with a role", wire.Member{ID: "a", Rank: rank(3)}, wire.Member{ID: "b", Role: "polite"}, "b"},
		{"the higher rank", wire.Member{ID: "a", Rank: rank(RankChromium)}, wire.Member{ID: "b", Rank: rank(RankNative)}, "b"},
		{"a tie", wire.Member{ID: "a", Rank: rank(0)}, wire.Member{ID: "b", Rank: rank(0)}, "a"},
		{"equal roles", wire.Member{ID: "a", Role: "polite"}, wire.Member{ID: "b", Role: "polite"}, ""},
		{"neither role nor rank", wire.Member{ID: "a", Rank: rank(3)}, wire.Member{ID: "b"}, ""},
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
