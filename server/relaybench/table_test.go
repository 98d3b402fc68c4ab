package main

import (
	"strings"
	"testing"
)

// The median of the ratios in each round decides, not the ratio of the medians.
func TestTable(t *testing.T) {
	table := &table{title: "relayed", columns: []string{"relay", "floor", "usual", "PeerJS"}}
	for round := range 3 {
		machine := []float64{1, 10, 2}[round] // is not equally fast
		goals := []goal{{0.75, "usual"}, {1.3, "floor"}, {0.5, "PeerJS"}, {25, ""}}
		table.add("µs", "relay", 14*machine, goals...)
		table.add("µs", "floor", 10*machine, goals...)
		table.add("µs", "usual", 20*machine, goals...)
	}
	table.add("MB", "relay", 1.5, goal{1.5, ""})
	table.add("p50", "usual", 1234.5)
	var out strings.Builder
	table.write(&out)
	want := []string{
		"relayed relay floor usual PeerJS goal",
		"µs 28 20 40 – 0.70 × usual, ≤ 0.75; 1.40 × floor, ≤ 1.3 MISSED; not measured; ≤ 25 MISSED",
		"MB 1.5 – – – ≤ 1.5",
		"p50 – – 1234 –",
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != len(want) {
		t.Fatalf("it is\n%s", out.String())
	}
	for i, line := range lines {
		if got := strings.Join(strings.Fields(line), " "); got != want[i] {
			t.Errorf("line %d is\n%s, not\n%s", i+1, got, want[i])
		}
	}
}
