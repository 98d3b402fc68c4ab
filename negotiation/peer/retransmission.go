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

// retransmission is the retransmission timer of a link.
type retransmission struct {
	r       *remote
	ack     timer // set: an acknowledgement is due
	again   timer // set: messages wait for an acknowledgement
	tries   int
	waiting int // number of waiting messages when again was set
	since   time.Time
	stalled bool
}

// update sets the timers according to the state of the link. It is called after every
// change.
func (p *retransmission) update() {
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

// begin is called when the other side has probably become reachable.
func (p *retransmission) begin() {
	p.rest()
	if p.stalled {
		p.stalled = false
		p.r.tell(trace.Event{Kind: trace.SignalingResumed, Detail: p.r.id})
	}
}

// rest resets the retransmissions.
func (p *retransmission) rest() {
	p.again.stop()
	p.tries = 0
}

func (p *retransmission) stop() {
	p.ack.stop()
	p.again.stop()
}

// after waits for d, calls f, which changes the link, and sends the resulting frames.
func (p *retransmission) after(t *timer, d time.Duration, f func()) {
	t.set(p.r.peer, d, func() {
		f()
		p.r.flush()
	})
}
