package relay

import "time"

// bucket is a token bucket that may be overdrawn: who has spent more than there was
// waits until the debt is paid. Only a bucket with a debt needs the time. Its methods
// must not overlap.
type bucket struct {
	rate float64 // tokens a second
	size float64
	left float64 // tokens at that time; below 0: a debt
	at   time.Time
}

func newBucket(rate, size float64, now time.Time) bucket {
	return bucket{rate: rate, size: size, left: size, at: now}
}

func (b *bucket) spend(tokens float64) { b.left -= tokens }

// fill adds what has come in since it was called last.
func (b *bucket) fill(now time.Time) {
	if passed := now.Sub(b.at); passed > 0 {
		b.left = min(b.left+passed.Seconds()*b.rate, b.size)
		b.at = now
	}
}

// full reports whether the bucket is as it was when it was new.
func (b *bucket) full() bool { return b.left >= b.size }

// until returns how long it takes until that many tokens are there, up to a day.
func (b *bucket) until(tokens float64) time.Duration {
	if b.left >= tokens {
		return 0
	}
	const day = 24 * time.Hour
	seconds := (tokens - b.left) / b.rate
	if seconds >= day.Seconds() {
		return day
	}
	return max(time.Duration(seconds*float64(time.Second)), time.Nanosecond)
}
