package relay

import (
	"slices"
	"time"
)

// newcomerBurst is how many newcomers a room takes at once.
const newcomerBurst = 16

// maxFormer is how many of those that left a room it remembers.
const maxFormer = 32

// newcomers bounds how often a room gets a new member, whom all others are told of. Who
// was a member before does not count. Guarded by the lock of the room.
type newcomers struct {
	bucket
	former []string // ids of those that left last, oldest first
}

// take reports whether the room takes a newcomer now.
func (n *newcomers) take(id string, perSecond float64) bool {
	if slices.Contains(n.former, id) {
		return true
	}
	now := time.Now()
	if n.at.IsZero() {
		n.bucket = newBucket(perSecond, newcomerBurst, now)
	}
	n.fill(now)
	if n.left < 1 {
		return false
	}
	n.spend(1)
	return true
}

// remember notes that a member has left.
func (n *newcomers) remember(id string) {
	if slices.Contains(n.former, id) {
		return
	}
	if len(n.former) == maxFormer {
		n.former = slices.Delete(n.former, 0, 1)
	}
	n.former = append(n.former, id)
}
