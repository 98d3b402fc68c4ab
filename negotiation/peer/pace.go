package peer

import (
	"math/rand/v2"
	"time"

	"perfect-negotiation/negotiation/trace"
)

const (
	ackAfter   = 50 * time.Millisecond  // until an acknowledgement is sent without a message
	againFirst = 500 * time.Millisecond // until the first retransmission; the next take longer each time
	againLast  = 15 * time.Second
	stalledFor = 30 * time.Second // without an acknowledgement
)

// pace is the retransmission timer of a link.
type pace struct {
	r       *remote
	ack     timer // set: one is owed
	again   timer // set: something waits
	tries   int
	waiting int // messages when again was set
	since   time.Time
	stalled bool
}

// update sets the timers to what the link has to do. It is called after every
// change of that.
func (p *pace) update() {
	l := p.r.link
	switch {
	case !l.Owes():
		p.ack.stop()
	case !p.ack.isSet():
		p.after(&p.ack, ackAfter, l.Acknowledge)
	}
	waiting := l.Waiting()
	idle := l.Idle() || p.r.plain
	hopeless := !p.r.reachable() || p.r.givenUp()
	switch {
	case hopeless:
		p.rest()
	case idle || waiting < p.waiting:
		p.begin()
	}
	p.waiting = waiting
	if p.again.isSet() || idle || hopeless {
		return
	}
	if p.tries == 0 {
		p.since = time.Now()
	}
	wait := min(againFirst<<p.tries, againLast)
	p.after(&p.again, wait*4/5+rand.N(wait*2/5), func() {
		p.tries = min(p.tries+1, 10)
		if !p.stalled && time.Since(p.since) > stalledFor {
			p.stalled = true
			p.r.tell(trace.Event{Kind: trace.SignalingStalled, Code: trace.Unacknowledged, Detail: p.r.id})
		}
		l.Again()
	})
}

// begin is called when there is reason to believe that the other side hears us.
func (p *pace) begin() {
	p.rest()
	if p.stalled {
		p.stalled = false
		p.r.tell(trace.Event{Kind: trace.SignalingResumed, Detail: p.r.id})
	}
}

// rest ends the tries so far.
func (p *pace) rest() {
	p.again.stop()
	p.tries = 0
}

func (p *pace) stop() {
	p.ack.stop()
	p.again.stop()
}

// after calls f, which changes the link, after d, and sends the frames that
// result.
func (p *pace) after(t *timer, d time.Duration, f func()) {
	t.set(p.r.peer, d, func() {
		f()
		p.r.flush()
	})
}
