package trouble

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"perfect-negotiation/negotiation/signaling"
)

const ms = time.Millisecond

// dice returns these numbers, one after the other.
func dice(numbers ...float64) func() float64 {
	return func() float64 {
		n := numbers[0]
		numbers = numbers[1:]
		return n
	}
}

func TestQueue(t *testing.T) {
	type put struct {
		at time.Duration
		s  Settings
	}
	for name, row := range map[string]struct {
		put    []put
		random []float64
		want   string // which message arrives when
	}{
		"no trouble": {[]put{{0, Settings{}}, {5 * ms, Settings{}}}, nil, "0@0s 1@5ms"},
		"a delay keeps the order": {
			[]put{{0, Settings{Delay: 300 * ms}}, {10 * ms, Settings{Delay: 300 * ms}}}, nil, "0@300ms 1@310ms"},
		"a shorter delay overtakes nothing": {
			[]put{{0, Settings{Delay: 300 * ms}}, {10 * ms, Settings{Delay: 20 * ms}}, {20 * ms, Settings{}}}, nil, "0@300ms 1@300ms 2@300ms"},
		"jitter lets messages overtake each other": {
			[]put{{0, Settings{Jitter: 100 * ms}}, {10 * ms, Settings{Jitter: 100 * ms}}, {20 * ms, Settings{Jitter: 100 * ms}}},
			[]float64{.5, .1, .3}, "1@20ms 0@50ms 2@50ms"},
		"jitter adds to the delay": {
			[]put{{0, Settings{Delay: 300 * ms, Jitter: 100 * ms}}}, []float64{.25}, "0@325ms"},
		"without jitter the order is kept again": {
			[]put{{0, Settings{Jitter: 100 * ms}}, {0, Settings{Jitter: 100 * ms}}, {10 * ms, Settings{}}}, []float64{.9, .1}, "1@10ms 0@90ms 2@90ms"},
		"one in five is lost": {
			[]put{{0, Settings{Drop: .2}}, {0, Settings{Drop: .2}}, {0, Settings{Drop: .2}}}, []float64{.2, .19, .9}, "0@0s 2@0s"},
		"all are lost": {
			[]put{{0, Settings{Drop: 1}}}, []float64{.999}, ""},
		"one in five is doubled": {
			[]put{{0, Settings{Duplicate: .2}}, {5 * ms, Settings{Duplicate: .2}}}, []float64{.1, .9}, "0@0s 0@0s 1@5ms"},
		"each copy has its own jitter": {
			[]put{{0, Settings{Duplicate: 1, Jitter: 100 * ms}}, {0, Settings{Jitter: 100 * ms}}}, []float64{0, .9, .1, .5}, "0@10ms 1@50ms 0@90ms"},
		"what is lost is not doubled": {
			[]put{{0, Settings{Drop: .5, Duplicate: .5}}, {0, Settings{Drop: .5, Duplicate: .5}}}, []float64{.4, .6, .4}, "1@0s 1@0s"},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
			var q queue
			random := dice(row.random...)
			for n, p := range row.put {
				if !q.put(signaling.Envelope{Request: fmt.Sprint(n)}, start.Add(p.at), p.s, random) {
					t.Errorf("there is no room for %d", n)
				}
			}
			got := ""
			for len(q.list) > 0 {
				at := q.list[0].arrives
				if e, ok := q.take(at.Add(-1)); ok {
					t.Errorf("%s arrives too early", e.Request)
				}
				e, ok := q.take(at)
				if !ok {
					t.Fatal("the first does not arrive")
				}
				got += fmt.Sprintf(" %s@%s", e.Request, at.Sub(start))
			}
			if want := row.want; got != want && got != " "+want {
				t.Errorf("%s, want %s", got, want)
			}
		})
	}
}

// There is room for so many and no more, and then again.
func TestAFullQueue(t *testing.T) {
	var q queue
	now := time.Now()
	s := Settings{Hold: true}
	for n := range maxWaiting {
		if !q.put(signaling.Envelope{Seq: uint64(n)}, now, s, nil) {
			t.Fatalf("there is no room for %d", n)
		}
	}
	if q.put(signaling.Envelope{}, now, s, nil) || len(q.list) != maxWaiting {
		t.Error("there is always room")
	}
	if e, ok := q.take(now); !ok || e.Seq != 0 {
		t.Errorf("%d comes first", e.Seq)
	}
	if !q.put(signaling.Envelope{Seq: maxWaiting}, now, s, nil) {
		t.Error("there is no room any more")
	}
	if !slices.IsSortedFunc(q.list, func(a, b message) int { return int(a.envelope.Seq) - int(b.envelope.Seq) }) {
		t.Error("the order is not kept")
	}
}
