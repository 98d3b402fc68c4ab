package relay

import "testing"

func TestQueueBounds(t *testing.T) {
	of := func(n int) frame { return frame{data: make([]byte, n)} }
	for name, tt := range map[string]struct {
		waiting []frame
		next    frame
		full    bool
	}{
		"the last frame that fits":       {[]frame{of(1), of(1)}, of(1), false},
		"one frame too many":             {[]frame{of(1), of(1), of(1)}, of(1), true},
		"the last byte that fits":        {[]frame{of(9)}, of(1), false},
		"one byte too many":              {[]frame{of(9)}, of(2), true},
		"an empty queue takes any frame": {nil, of(100), false},
		"and nothing more after that":    {[]frame{of(100)}, of(1), true},
	} {
		t.Run(name, func(t *testing.T) {
			q := queue{maxFrames: 3, maxBytes: 10}
			for i, f := range tt.waiting {
				if _, start, full := q.push(f); full || start != (i == 0) {
					t.Fatalf("push %d: start %v, full %v", i, start, full)
				}
			}
			if _, _, full := q.push(tt.next); full != tt.full {
				t.Fatalf("full %v, want %v", full, tt.full)
			}
		})
	}
}

// Frames come out in order, and one writing goroutine at a time is asked for.
func TestQueueStartsOneWriter(t *testing.T) {
	q := queue{maxFrames: 2, maxBytes: 10}
	push := func(wantStart bool, text string) {
		t.Helper()
		if _, start, full := q.push(frame{data: []byte(text)}); start != wantStart || full {
			t.Fatalf("push %s: start %v, full %v", text, start, full)
		}
	}
	next := func(want string) {
		t.Helper()
		if f, ok := q.next(); string(f.data) != want || ok != (want != "") {
			t.Fatalf("next: %q, %v, want %q", f.data, ok, want)
		}
	}
	push(true, "123456")
	push(false, "7890")
	next("123456")
	push(false, "abcdef") // frames that were taken no longer count
	next("7890")
	next("abcdef")
	next("") // the writer ends
	push(true, "a")
	push(false, "b")
	if q.finish(true, frame{data: []byte("last")}, frame{data: []byte("words")}) {
		t.Fatal("finish asks for a second writer")
	}
	push(false, "dropped")
	next("last")
	next("words")
	next("")
}

// What waits is counted.
func TestQueueSize(t *testing.T) {
	q := queue{maxFrames: 3, maxBytes: 10}
	for _, n := range []int{3, 4} {
		q.push(frame{data: make([]byte, n)})
	}
	if frames, bytes := q.size(); frames != 2 || bytes != 7 {
		t.Errorf("%d frames of %d bytes wait", frames, bytes)
	}
	q.next()
	if frames, bytes := q.size(); frames != 1 || bytes != 4 {
		t.Errorf("%d frames of %d bytes wait", frames, bytes)
	}
}
