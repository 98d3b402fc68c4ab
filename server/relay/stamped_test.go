package relay

import "testing"

// A message is its own until the last of those that hold it is done: who made it, queues
// that wait, and who writes it.
func TestStampedUsers(t *testing.T) {
	for _, size := range []int{1, 512, 513, 4 << 10, 64 << 10} {
		s := newStamped(size)
		if cap(s.data) < size || cap(s.data) > max(2*size, 512) {
			t.Errorf("%d bytes for a message of %d", cap(s.data), size)
		}
		s.data = append(s.data, make([]byte, size)...)
		written, dropped := queue{maxFrames: 1, maxBytes: size}, queue{maxFrames: 1, maxBytes: size}
		message := frame{data: s.data, of: s}
		users := func(want int32) {
			t.Helper()
			if n := s.users.Load(); n != want {
				t.Fatalf("%d use it, not %d", n, want)
			}
		}
		written.push(message)
		dropped.push(message)
		users(3)
		if _, _, full := dropped.push(message); !full {
			t.Fatal("the queue takes more than it may")
		}
		users(3)
		s.release()
		f, _ := written.next()
		users(2)
		f.of.release()
		users(1)
		dropped.drop()
		users(0)
	}
}
