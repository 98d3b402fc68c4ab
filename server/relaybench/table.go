package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// table is what was measured: rows of figures of servers, one of each in every round.
type table struct {
	title   string
	columns []string // names of servers
	rows    []*row
}

// row is a figure.
type row struct {
	name  string
	of    map[string][]float64 // by server
	goals []goal
}

// goal bounds the figure of the relay: by the figure of another server times most, or, if
// that is nobody, by most alone.
type goal struct {
	most float64
	than string
}

// add notes a figure of a server. The goals are those of the row, in every call.
func (t *table) add(name, server string, figure float64, goals ...goal) {
	i := slices.IndexFunc(t.rows, func(r *row) bool { return r.name == name })
	if i < 0 {
		i = len(t.rows)
		t.rows = append(t.rows, &row{name: name, of: map[string][]float64{}, goals: goals})
	}
	t.rows[i].of[server] = append(t.rows[i].of[server], figure)
}

// write writes the medians, and how they stand to the goals: in each round by itself, of
// which the median counts, because the machine is not equally fast in all.
func (t *table) write(w io.Writer) {
	if len(t.rows) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%-60s", t.title)
	for _, c := range t.columns {
		fmt.Fprintf(w, " %9s", c)
	}
	fmt.Fprintf(w, "   goal\n")
	for _, r := range t.rows {
		fmt.Fprintf(w, "%-60s", r.name)
		for _, c := range t.columns {
			fmt.Fprintf(w, " %9s", number(r.of[c]))
		}
		var goals []string
		for _, g := range r.goals {
			goals = append(goals, r.judge(g, t.columns[0]))
		}
		fmt.Fprintf(w, "   %s\n", strings.Join(goals, "; "))
	}
}

// judge says what the figure of a server is to its goal.
func (r *row) judge(g goal, server string) string {
	measured, unit := r.of[server], ""
	if g.than != "" {
		measured, unit = ratios(measured, r.of[g.than]), " × "+g.than
	}
	if len(measured) == 0 {
		return "not measured"
	}
	verdict := ""
	if median(measured) > g.most {
		verdict = " MISSED"
	}
	if g.than == "" {
		return fmt.Sprintf("≤ %.4g%s", g.most, verdict)
	}
	return fmt.Sprintf("%.2f%s, ≤ %.4g%s", median(measured), unit, g.most, verdict)
}

func ratios(of, to []float64) (r []float64) {
	for i := range min(len(of), len(to)) {
		r = append(r, of[i]/to[i])
	}
	return r
}

func number(values []float64) string {
	switch v := median(values); {
	case len(values) == 0:
		return "–"
	case v >= 100 || v == float64(int(v)):
		return fmt.Sprintf("%.0f", v)
	default:
		return fmt.Sprintf("%.3g", v)
	}
}

// median returns that of values in any order, or 0 if there are none.
func median(values []float64) float64 {
	n := len(values)
	if n == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
