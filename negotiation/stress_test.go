package negotiation

import (
	"flag"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"perfect-negotiation/negotiation/internal/sdp"
	"perfect-negotiation/negotiation/trace"
)

var rounds = flag.Int("rounds", someRounds, "how many rounds of random changes TestStress makes on one connection")

var seed = flag.Uint64("seed", 0, "which random changes and delays there are")

// TestStress has both sides of one real connection change it at the same time,
// at random, over signalling that takes a random time. After each round all must
// have been negotiated.
func TestStress(t *testing.T) {
	p, i := newParties(t)
	stress(p, i)
	p.report()
	i.report()
	if rollbacks, ignored := p.count(trace.CollisionRollback), i.count(trace.CollisionIgnored); rollbacks != ignored {
		t.Errorf("%d rollbacks and %d ignored offers", rollbacks, ignored)
	}
}

// stress has the parties make their rounds, all at the same time, and checks whether the
// second half of them needs more than the first.
func stress(parties ...*party) {
	half := func(p *party) { p.play(*rounds / 2) }
	all(parties, (*party).begin)
	all(parties, half)
	if parties[0].t.Failed() {
		return
	}
	before := use()
	all(parties, half)
	after := use()
	t := parties[0].t
	t.Logf("seed %d, in the middle: %s; in the end: %s", *seed, before, after)
	times := 1
	if *rounds < 1000 { // there are still more and more sections
		times = 6
	}
	if after.goroutines > before.goroutines+times*maxGoroutines || after.heap > before.heap+uint64(times*maxHeap+(after.sources-before.sources)*maxSource) {
		t.Errorf("more is in use after %d rounds than after %d", *rounds, *rounds/2)
	}
}

// What the second half of the rounds may need more than the first. A track that
// is sent has a few goroutines, and pion remembers each source of RTCP, of which a
// track that is added makes new ones, for as long as the connection lives.
const (
	maxGoroutines = 40
	maxHeap       = 1 << 20
	maxSource     = 3 << 10 // half of it is what newBuffer makes
)

// sources counts the sources of RTCP that pion has heard of.
var sources atomic.Int64

// usage is what the process needs.
type usage struct {
	goroutines int
	heap       uint64 // bytes
	sources    int
}

func (u usage) String() string {
	return fmt.Sprintf("%d goroutines, %d KB, %d sources of RTCP", u.goroutines, u.heap>>10, u.sources)
}

func use() usage {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC() // finalizers have run
	runtime.ReadMemStats(&stats)
	return usage{runtime.NumGoroutine(), stats.HeapAlloc, int(sources.Load())}
}

const (
	maxTransceivers = 16                      // from which on a native side adds none; a browser stops earlier
	maxSections     = maxTransceivers + 3 + 1 // both may add up to three at the same time; and the data channels
)

// report says what happened, and fails if nothing collided, or if the SDP grew more
// than its sections.
func (p *party) report() {
	text := p.pc.CurrentLocalDescription().SDP
	if n := len(sdp.Parse(text).Media); n > maxSections || len(text) > n*maxSection {
		p.t.Errorf("%s: %d sections in %d bytes of SDP, and %d of %d each should do", p.name, n, len(text), maxSections, maxSection)
	}
	p.t.Logf("%s: %d rounds, %d offers, %d answers, %d collisions, %d chat lines, %d transceivers stopped, %d sections, %d bytes of SDP; %s", p.name, *rounds,
		p.count(trace.OfferSending), p.count(trace.AnswerSending), p.collisions(), p.heard, p.stops, len(sdp.Parse(text).Media), len(text), &p.media)
	if p.collisions() == 0 {
		p.t.Errorf("%s: nothing collided", p.name)
	}
}

// play makes the rounds. The other party does so too.
func (p *party) play(n int) {
	for round := range n {
		for range 1 + p.IntN(3) {
			p.change()
			if err := p.chat.SendText(strconv.Itoa(p.sent)); err != nil {
				p.t.Error(err)
			}
			p.sent++
			if p.IntN(2) == 0 {
				time.Sleep(time.Duration(p.IntN(4)) * time.Millisecond)
			}
		}
		p.rest()
		if p.t.Failed() {
			p.t.Logf("in round %d", round)
			return
		}
		if round%100 == 99 {
			p.t.Logf("%s: %d of %d rounds", p.name, round+1, n)
		}
	}
}

// maxStops bounds how many transceivers are stopped where one side is native: pion
// does not use their sections again.
const maxStops = 4

// maxChannels bounds how many data channels are made: pion keeps the closed ones.
const maxChannels = 50

// create makes one more channel, of which few stay open.
func (p *party) create() error {
	if p.created++; p.created > maxChannels {
		return nil
	}
	dc, err := p.pc.CreateDataChannel("more", nil)
	if err != nil {
		return err
	}
	p.channels = append(p.channels, dc)
	if len(p.channels) > 4 {
		err = p.channels[0].Close()
		p.channels = slices.Delete(p.channels, 0, 1)
	}
	return err
}
