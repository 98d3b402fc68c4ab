package wire

import (
	"fmt"
	"strings"
	"testing"
)

func TestRules(t *testing.T) {
	room := func(s string) bool { return ValidRoom(s) }
	role := func(s string) bool { _, ok := ParseRole(s); return ok }
	rank := func(s string) bool { _, ok := ParseRank(s); return ok }
	key := func(s string) bool { return ValidKey(s) }
	token := func(s string) bool { return ValidToken(s) }
	for _, row := range []struct {
		rule  string
		valid func(string) bool
		text  string
		want  bool
	}{
		{"room", room, "r", true},
		{"room", room, " a room ", true},
		{"room", room, strings.Repeat("é", MaxRoom), true},
		{"room", room, strings.Repeat("é", MaxRoom+1), false},
		{"room", room, "", false},
		{"room", room, " \u00a0 ", false},
		{"room", room, "r\n", false},
		{"room", room, "r\u0085", false},
		{"room", room, "r\xff", false},

		{"role", role, "", true},
		{"role", role, "polite", true},
		{"role", role, "impolite", true},
		{"role", role, "Polite", false},
		{"role", role, "rude", false},

		{"rank", rank, "0", true},
		{"rank", rank, fmt.Sprint(MaxRank), true},
		{"rank", rank, fmt.Sprint(MaxRank + 1), false},
		{"rank", rank, "65536", false},
		{"rank", rank, "-1", false},
		{"rank", rank, "+1", false},
		{"rank", rank, "1.5", false},
		{"rank", rank, "", false},

		{"key", key, strings.Repeat("k", MinKey-1), false},
		{"key", key, strings.Repeat("k", MinKey), true},
		{"key", key, strings.Repeat("k", MaxKey), true},
		{"key", key, strings.Repeat("k", MaxKey+1), false},
		{"key", key, "ABCXYZabcxyz0123456789-_", true},
		{"key", key, strings.Repeat("k", MinKey) + ".", false},
		{"key", key, strings.Repeat("k", MinKey) + "é", false},
		{"key", key, strings.Repeat("k", MinKey) + "=", false},

		{"token", token, "", false},
		{"token", token, "eyJ-_09.a.b", true},
		{"token", token, strings.Repeat("t", MaxToken), true},
		{"token", token, strings.Repeat("t", MaxToken+1), false},
		{"token", token, "a, b", false},
		{"token", token, "a\n", false},
		{"token", token, "é", false},
	} {
		if got := row.valid(row.text); got != row.want {
			t.Errorf("%s %q: %t", row.rule, row.text, got)
		}
	}
	for rank, want := range map[int]bool{-1: false, 0: true, MaxRank: true, MaxRank + 1: false} {
		if got := ValidRank(rank); got != want {
			t.Errorf("rank %d: %t", rank, got)
		}
	}
	if rank, _ := ParseRank("17"); rank != 17 {
		t.Errorf("17 is the rank %d", rank)
	}
	if role, _ := ParseRole("polite"); role != Polite {
		t.Errorf("polite is the role %q", role)
	}
}

// The rules state the limits that are checked.
func TestTheRulesSayTheirLimits(t *testing.T) {
	for rule, want := range map[string]string{
		RoomRule: fmt.Sprintf("1 to %d characters", MaxRoom),
		RoleRule: fmt.Sprintf("%s or %s", Polite, Impolite),
		RankRule: fmt.Sprintf("from 0 to %d", MaxRank),
		KeyRule:  fmt.Sprintf("%d to %d characters", MinKey, MaxKey),

		TokenRule: fmt.Sprintf("1 to %d characters", MaxToken),
	} {
		if !strings.Contains(rule, want) {
			t.Errorf("%q does not say %q", rule, want)
		}
	}
}
