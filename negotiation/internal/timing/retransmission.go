package timing

import (
	"math/rand/v2"
	"time"
)

const (
	ackAfter   = 50 * time.Millisecond  // until an acknowledgement is sent without a message
	againFirst = 500 * time.Millisecond // until the first retransmission; the next take longer each time
	againLast  = 15 * time.Second
	stalledFor = 30 * time.Second // without an acknowledgement
)

// Retransmission is the timers of a link.End: when it acknowledges, and when it sends
// again.
type Retransmission struct {
	Enqueue func(func())
	Flush   func()             // sends the frames of the End, and calls Update
	Stalled func(stalled bool) // is told when nothing is acknowledged for 30 s, and when something is again

	ack     Timer // set: an acknowledgement is due
	again   Timer // set: messages wait for an acknowledgement
	tries   int
	waiting int // number of waiting messages when again was set
	since   time.Time
	stalled bool
}

// End is what a Retransmission needs of a link.End.
type End interface {
	Owes() bool
	Idle() bool
	Waiting() int
	Acknowledge()
	Again()
}

// Update sets the timers according to the state of the End. Call it after every change.
// hopeless says that whatever is sent would not arrive, idle that nothing need be sent.
func (r *Retransmission) Update(end End, idle, hopeless bool) {
	switch {
	case !end.Owes():
		r.ack.Stop()
	case !r.ack.IsSet():
		r.after(&r.ack, ackAfter, end.Acknowledge)
	}
	waiting := end.Waiting()
	idle = idle || end.Idle()
	switch {
	case hopeless:
		r.rest()
	case idle || waiting < r.waiting:
		r.Begin()
	}
	r.waiting = waiting
	if r.again.IsSet() || idle || hopeless {
		return
	}
	if r.tries == 0 {
		r.since = time.Now()
	}
	wait := min(againFirst<<r.tries, againLast)
	r.after(&r.again, wait*4/5+rand.N(wait*2/5), func() {
		r.tries = min(r.tries+1, 10)
		if !r.stalled && time.Since(r.since) > stalledFor {
			r.stalled = true
			r.Stalled(true)
		}
		end.Again()
	})
}

// Begin is called when the other side has probably become reachable.
func (r *Retransmission) Begin() {
	r.rest()
	if r.stalled {
		r.stalled = false
		r.Stalled(false)
	}
}

// rest resets the retransmissions.
func (r *Retransmission) rest() {
	r.again.Stop()
	r.tries = 0
}

// Stop stops the timers.
func (r *Retransmission) Stop() {
	r.ack.Stop()
	r.again.Stop()
}

// after waits for d, calls f, which changes the End, and sends the resulting frames.
func (r *Retransmission) after(t *Timer, d time.Duration, f func()) {
	t.Set(r.Enqueue, d, func() {
		f()
		r.Flush()
	})
}
