package peer

import (
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/negotiation/trace"
)

// MaxCollisions bounds the collisions that a Peer makes in sequence with one other peer.
const MaxCollisions = 100

const (
	armedFor  = 3 * time.Second  // how long to wait for an offer that was asked for
	stableFor = 15 * time.Second // how long to wait for an exchange that is under way
)

// Collide makes offers collide with the peer with the id to, or with every peer if to
// is empty: times times in sequence, at least once and at most [MaxCollisions]. It
// requests an offer from the other side and, when it comes, sends one of its own
// before handling it. A plain page cannot be asked: its next offers are met in this
// way, whenever they come. The trace reports each try ([trace.CollideArmed]) and the
// reason if there will be no more ([trace.CollideGivenUp]). It gives up if a requested
// offer does not come within 3 seconds, if the connection is not stable within 15
// seconds, or, with a plain page, when the pairing ends.
func (p *Peer) Collide(to string, times int) {
	p.withPairings(to, func(p *pairing) { p.collide.wanted(times) })
}

// collide makes the collisions of a pairing.
type collide struct {
	p     *pairing
	left  int // collisions still to make
	step  step
	armed uint64 // number of the last trace.CollideArmed
	timer timer  // time limit of the step

	sent, came bool // sent and received the answers that resolve the collision
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
	if c.step == idle {
		c.begin()
	}
}

// begin begins the next collision.
func (c *collide) begin() {
	c.enter(waiting)
	c.arm()
}

// enter begins a step. For a plain page there is no time limit on its offer.
func (c *collide) enter(s step) {
	c.step = s
	switch {
	case s != armed:
		c.timer.set(c.p.remote.peer, stableFor, c.giveUp)
	case c.p.remote.plain:
		c.timer.stop()
	default:
		c.timer.set(c.p.remote.peer, armedFor, c.giveUp)
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

// meet is called with each message before the Session gets it. The other side has
// sent its offer, and will get ours before any answer: they cross, however long they
// take.
func (c *collide) meet(m negotiation.Message) {
	if c.step == armed && m.Description != nil && m.Description.Type == webrtc.SDPTypeOffer {
		c.enter(met)
		c.p.renegotiate(trace.Event{Code: trace.ToCollide, Cause: c.armed})
	}
}

// observe follows the Session's events. After a collision the impolite peer's offer
// is answered, and then the polite peer's when it is made again: each side sends one
// answer and receives one.
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
		c.p.remote.peer.enqueue(c.arm) // after the answer of this event
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

// end gives up the remaining collisions.
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
