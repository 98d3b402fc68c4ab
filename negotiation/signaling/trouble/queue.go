package trouble

import (
	"time"

	"perfect-negotiation/negotiation/signaling"
)

// maxWaiting is the maximum of messages on their way, in each direction.
const maxWaiting = 512

// queue is the messages on their way in one direction. It has no clock.
type queue struct {
	list []message // in the order in which they arrive
	last time.Time // when the last one arrives, of all so far
}

type message struct {
	arrives  time.Time
	envelope signaling.Envelope
}

// put takes a message, which befalls what s says: random returns numbers from 0 up to 1.
// It reports whether there was room.
func (q *queue) put(e signaling.Envelope, now time.Time, s Settings, random func() float64) bool {
	copies := 1
	if s.Drop > 0 && random() < s.Drop {
		copies = 0
	} else if s.Duplicate > 0 && random() < s.Duplicate {
		copies = 2
	}
	for range copies {
		if len(q.list) == maxWaiting {
			return false
		}
		arrives := now.Add(s.Delay)
		if s.Jitter > 0 {
			arrives = arrives.Add(time.Duration(random() * float64(s.Jitter)))
		} else if arrives.Before(q.last) {
			arrives = q.last // a shorter delay than before overtakes nothing
		}
		if arrives.After(q.last) {
			q.last = arrives
		}
		q.insert(message{arrives, e})
	}
	return true
}

// insert puts m behind all that arrive no later.
func (q *queue) insert(m message) {
	i := len(q.list)
	q.list = append(q.list, m)
	for ; i > 0 && m.arrives.Before(q.list[i-1].arrives); i-- {
		q.list[i] = q.list[i-1]
	}
	q.list[i] = m
}

// take removes and returns the first message if it has arrived.
func (q *queue) take(now time.Time) (e signaling.Envelope, ok bool) {
	if len(q.list) == 0 || q.list[0].arrives.After(now) {
		return e, false
	}
	e = q.list[0].envelope
	q.list[0] = message{} // free it
	q.list = q.list[1:]
	return e, true
}
