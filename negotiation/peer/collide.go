package peer

import (
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/negotiation/trace"
)

// MaxCollisions is how many collisions a Peer makes one after the other, at most.
const MaxCollisions = 100

// collideFor is how long each step on the way to a collision may take.
const collideFor = 3 * time.Second

// Collide makes offers collide with the peer with the id to, or with every peer if that
// is empty: once, or so many times, [MaxCollisions] at most, one after the other. It asks the other
// side for an offer, and when that comes sends one of ours before looking at it. A plain
// page cannot be asked: there the next offer that comes is met so, once. The trace tells
// of each try ([trace.CollideArmed]), and why there will be no more
// ([trace.CollideGivenUp]): it waits 3 seconds for an offer that it has asked for, as long
// for a connection that is not stable, and for a plain page until the pairing ends.
func (p *Peer) Collide(to string, times int) {
	p.wish(to, func(p *pairing) { p.collide.wanted(times) })
}

// collide makes the collisions of a pairing.
type collide struct {
	p     *pairing
	left  int // that are wanted
	step  step
	armed uint64 // the number of the last trace.CollideArmed
	timer timer  // until the step is given up

	sent, came bool // the two answers by which a collision is resolved
}

// step is one on the way to a collision.
type step int

const (
	idle     step = iota
	waiting       // for the connection to be stable
	armed         // for an offer of the other side
	met           // it has come, and ours is on its way
	resolved      // offers have collided: both will be answered
)

func (c *collide) wanted(times int) {
	c.left = min(c.left+max(times, 1), MaxCollisions)
	if c.p.remote.plain {
		c.left = 1
	}
	if c.step == idle {
		c.begin()
	}
}

// begin begins the next one.
func (c *collide) begin() {
	c.enter(waiting)
	c.arm()
}

// enter takes the next step. Only that of a plain page takes any time.
func (c *collide) enter(s step) {
	c.step = s
	if s == armed && c.p.remote.plain {
		c.timer.stop()
	} else {
		c.timer.set(c.p.remote.peer, collideFor, c.giveUp)
	}
}

// arm asks for an offer, if the connection is stable.
func (c *collide) arm() {
	remote := c.p.remote
	if c.step != waiting || c.p.state != trace.Stable {
		return
	}
	c.enter(armed)
	why := trace.OfferAsked
	if remote.plain {
		why = trace.NextOffer
	}
	c.armed = remote.tell(trace.Event{Kind: trace.CollideArmed, Code: why, Detail: why.Words()})
	if !remote.plain {
		remote.send(signaling.Envelope{Request: wire.RequestOffer})
	}
}

// meet is called with each message before the Session gets it. The other side has sent
// its offer, and gets ours before it gets an answer: they cross, however long they
// travel.
func (c *collide) meet(m negotiation.Message) {
	if c.step == armed && m.Description != nil && m.Description.Type == webrtc.SDPTypeOffer {
		c.enter(met)
		c.p.renegotiate(trace.Event{Code: trace.ToCollide, Cause: c.armed})
	}
}

// observe looks at the Session's events. After a collision the impolite peer's offer
// is answered, and the polite one's when it is made again: to each side that is an
// answer sent and an answer received.
func (c *collide) observe(e trace.Event) {
	switch e.Kind {
	case trace.CollisionRollback, trace.CollisionIgnored:
		if c.step == met {
			c.left--
			c.sent, c.came = false, false
			c.enter(resolved)
		}
	case trace.AnswerSending:
		c.sent = true
	case trace.AnswerReceived:
		c.came = true
	}
	switch {
	case e.State != trace.Stable:
	case c.step == waiting:
		c.p.remote.peer.enqueue(c.arm) // after the answer that is told of
	case c.step == resolved && (c.sent && c.came || c.p.remote.plain):
		c.p.remote.peer.enqueue(c.next)
	}
}

func (c *collide) next() {
	if c.step != resolved {
		return
	}
	c.stop()
	if c.left > 0 {
		c.begin()
	}
}

func (c *collide) giveUp() {
	switch {
	case c.step != armed:
		c.end(trace.NotStable)
	case !c.p.remote.reachable():
		c.end(trace.Unreachable)
	default:
		c.end(trace.NoOfferCame)
	}
}

// end ends what is still wanted.
func (c *collide) end(why trace.Code) {
	c.stop()
	if c.left > 0 {
		c.left = 0
		c.p.remote.tell(trace.Event{Kind: trace.CollideGivenUp, Cause: c.armed, Code: why, Detail: why.Words()})
	}
}

func (c *collide) stop() {
	c.step = idle
	c.timer.stop()
}
