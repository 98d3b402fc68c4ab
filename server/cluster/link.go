package cluster

import (
	"math/rand/v2"
	"sync"
	"time"
)

// Times of a link. A node that was killed is noticed after 1 to 1.5 s, one that stands
// still after silentTime and beatTime at most.
const (
	beatTime   = 500 * time.Millisecond // between two beats
	lostTime   = 900 * time.Millisecond // for which NATS knows no receiver: three beats
	silentTime = 3 * time.Second
	idleTime   = time.Minute // after which a link that nobody needs is forgotten
)

// Bounds of what waits for one node.
const (
	maxChunk   = 256 << 10 // bytes of a packet; NATS takes 1 MB unless it is told otherwise
	maxWaiting = 16 << 20
)

// link is what goes on between this node and another: our clients in its rooms, and its
// clients in ours. Packets are numbered each way. If one is missing, or the other node
// is, the link breaks: all these clients leave their rooms, and both sides begin a new
// epoch, from packet 1. So a client is told everything in order, or it is put out.
type link struct {
	node *Node
	peer string // NAME.INSTANCE

	mu      sync.Mutex // after the locks of the relay and claims.mu
	mine    uint64     // our epoch
	theirs  uint64     // the epoch of the packets that we take; 0: the next one
	former  uint64     // the last one that we do not take any more
	sent    uint64     // packets in our epoch
	seen    uint64     // packets in theirs
	chunks  [][]byte   // frames that wait; each becomes a packet
	waiting int        // bytes of them
	over    bool       // too much waited: the link must break
	queued  bool       // the publisher knows that there is something to do
	beat    bool       // a beat is due
	paused  bool       // NATS was away: nothing but beats until the other node is heard
	ask     bool       // the next packet is to be answered, or NATS says that nobody is there

	asked   time.Time // when the other node was asked first what it has not answered; zero: it has
	refused time.Time // since when NATS knows no receiver; zero: it does, as far as is known
	used    time.Time // when it was needed last

	clients uint64            // numbers given to seats
	seats   map[uint64]*seat  // our clients
	guests  map[uint64]*guest // theirs
}

func newLink(n *Node, peer string) *link {
	return &link{
		node: n, peer: peer, mine: newEpoch(), used: time.Now(),
		seats: map[uint64]*seat{}, guests: map[uint64]*guest{},
	}
}

func newEpoch() uint64 { return rand.Uint64() | 1 } // never 0

// victims are the clients of a link that broke.
type victims struct {
	seats  []*seat
	guests []*guest
}

// reset begins a new epoch, and returns whom that ends. Packets of the former one are no
// longer taken. The caller holds the lock.
func (l *link) reset(former uint64) victims {
	var v victims
	for _, s := range l.seats {
		v.seats = append(v.seats, s)
	}
	for _, g := range l.guests {
		v.guests = append(v.guests, g)
	}
	clear(l.seats)
	clear(l.guests)
	l.mine, l.theirs, l.former = newEpoch(), 0, former
	l.sent, l.seen = 0, 0
	l.chunks, l.waiting, l.over = nil, 0, false
	l.beat = true // tells the other node
	l.wake()
	return v
}

// breakUp ends the epoch, if it is still that one, and all its clients.
func (l *link) breakUp(epoch uint64, why string) {
	l.mu.Lock()
	if l.mine != epoch {
		l.mu.Unlock()
		return
	}
	v := l.reset(l.theirs)
	l.mu.Unlock()
	l.end(v, why)
}

// end tells the clients of a link that broke. The caller holds no lock.
func (l *link) end(v victims, why string) {
	for _, g := range v.guests {
		g.leave()
	}
	ended := 0
	for _, s := range v.seats {
		if s.lost(ended) {
			ended++
		}
	}
	if ended+len(v.guests) > 0 {
		l.node.stats.broken.Add(1)
		l.node.log.Warn("the link to another node broke", "node", l.peer, "why", why, "clients", ended, "guests", len(v.guests))
	}
}

// verdict is what to do with a packet.
type verdict struct {
	take    bool
	epoch   uint64  // ours, in which the frames are to be handled
	victims victims // to be ended first
	gap     bool    // that is why
}

// accept looks at a packet that has come. It takes those that follow each other, in an
// epoch that began after ours.
func (l *link) accept(h header, isBeat bool) (v verdict) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if h.epoch == l.former {
		return v
	}
	if h.answers != 0 && h.answers != l.mine {
		if h.epoch == l.theirs {
			v.victims = l.reset(h.epoch)
		} else {
			l.beat = true // it does not know yet
			l.wake()
		}
		return v
	}
	if h.epoch != l.theirs {
		if l.theirs != 0 {
			v.victims = l.reset(l.theirs)
		}
		l.theirs, l.seen = h.epoch, 0
	}
	l.asked, l.refused = time.Time{}, time.Time{}
	if l.paused {
		l.paused = false
		l.wake()
	}
	next := l.seen + 1
	if isBeat {
		next = l.seen
	}
	switch {
	case h.number == next:
		l.seen, v.take = h.number, !isBeat
	case h.number > next:
		v.gap = true
		late := l.reset(h.epoch)
		v.victims.seats = append(v.victims.seats, late.seats...)
		v.victims.guests = append(v.victims.guests, late.guests...)
	}
	v.epoch = l.mine
	return v
}

// send queues a frame, if the epoch is still that one. It does not block.
func (l *link) send(epoch uint64, k kind, client uint64, parts ...[]byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.put(epoch, k, client, parts...)
}

func (l *link) put(epoch uint64, k kind, client uint64, parts ...[]byte) {
	if epoch != l.mine || l.over {
		return
	}
	last := len(l.chunks) - 1
	if last < 0 || len(l.chunks[last]) > maxChunk/2 {
		l.chunks = append(l.chunks, make([]byte, headerSize, 1<<10)) // the header comes when it goes
		last++
	}
	before := len(l.chunks[last])
	l.chunks[last] = appendFrame(l.chunks[last], k, client, parts...)
	if l.waiting += len(l.chunks[last]) - before; l.waiting > maxWaiting {
		l.over = true
	}
	l.wake()
}

// wake tells the publisher. The caller holds the lock.
func (l *link) wake() {
	if !l.queued {
		l.queued = true
		l.node.outbox.add(l)
	}
}

// probe asks the other node whether it is there. The caller holds the lock.
func (l *link) probe() {
	l.beat, l.ask = true, true
	l.used = time.Now()
	l.wake()
}

// packet is one to be published.
type packet struct {
	epoch uint64
	data  []byte
	ask   bool // the other node is to answer
}

// next returns the packet that is due. over says that too much waited, in that epoch.
func (l *link) next() (p packet, ok, over bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p.epoch = l.mine
	switch {
	case l.over:
		return p, false, true
	case len(l.chunks) > 0 && !l.paused:
		l.sent++
		p.data, l.chunks = l.chunks[0], l.chunks[1:]
		l.waiting -= len(p.data) - headerSize
	case l.beat:
		p.data = make([]byte, headerSize)
	default:
		l.queued = false
		return p, false, false
	}
	header{l.mine, l.theirs, l.sent}.append(p.data[:0])
	if p.ask = l.ask; p.ask && l.asked.IsZero() {
		l.asked = time.Now()
	}
	l.beat, l.ask = false, false
	return p, true, false
}

// unsent takes a packet back that NATS did not take.
func (l *link) unsent(p packet) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mine != p.epoch {
		return
	}
	if len(p.data) > headerSize {
		l.sent--
		l.chunks = append([][]byte{p.data}, l.chunks...)
		l.waiting += len(p.data) - headerSize
	}
	l.beat = true
}

// active reports whether the link has clients. The caller holds the lock.
func (l *link) active() bool { return len(l.seats)+len(l.guests) > 0 }

// begin notes that the other node matters from now on. The caller holds the lock.
func (l *link) begin() {
	if !l.active() {
		l.asked, l.refused = time.Time{}, time.Time{}
	}
	l.probe()
}

// check beats, and says why the link must break, or nothing. late is a time in which
// this node stood still, and could hear nobody.
func (l *link) check(now time.Time, late time.Duration) (epoch uint64, why string, forget bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.asked.IsZero() {
		l.asked = l.asked.Add(late)
	}
	if !l.active() {
		return 0, "", now.Sub(l.used) > idleTime
	}
	switch {
	case !l.refused.IsZero() && now.Sub(l.refused) >= lostTime:
		why = "it is gone"
	case l.silent(now):
		why = "it is silent"
	default:
		l.probe()
	}
	return l.mine, why, false
}

// refuse notes that NATS knows no receiver.
func (l *link) refuse(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refused.IsZero() {
		l.refused = now
	}
}

// pause holds packets back until the other node is heard, and forgets what NATS said of
// it: when NATS is there again, it drops what it gets for a node that is not back yet.
func (l *link) pause() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refused = time.Time{}
	l.paused = true
	l.probe()
}

// answer has the other node hear of this one.
func (l *link) answer() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.beat = true
	l.wake()
}

func (l *link) silent(now time.Time) bool {
	return !l.asked.IsZero() && now.Sub(l.asked) >= silentTime
}

// gone asks whether the other node is there, and reports whether it is known not to be.
func (l *link) gone() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.probe()
	return !l.refused.IsZero() || l.silent(time.Now())
}
