package negotiation

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"
)

var rounds = flag.Int("rounds", 40, "how many rounds of random changes TestStress makes on one connection")

// TestStress has both sides of one real connection change it at the same time,
// at random, over signalling that takes a random time. After each round all must
// have been negotiated.
func TestStress(t *testing.T) {
	p, i := newParty(t, "polite", 1), newParty(t, "impolite", 2)
	p.frames, i.frames = delayed(t, i.receive), delayed(t, p.receive)
	p.attach()
	i.attach()
	stress(p, i)
	p.report()
	i.report()
	if rollbacks, ignored := p.count(CollisionRollback), i.count(CollisionIgnored); rollbacks != ignored {
		t.Errorf("%d rollbacks and %d ignored offers", rollbacks, ignored)
	}
}

// stress has the parties make their rounds, all at the same time, and looks
// whether the second half of them needs more than the first.
func stress(parties ...*party) {
	all := func(f func(*party)) {
		var wg sync.WaitGroup
		for _, p := range parties {
			wg.Go(func() { f(p) })
		}
		wg.Wait()
	}
	half := func(p *party) { p.play(*rounds / 2) }
	all((*party).begin)
	all(half)
	if parties[0].t.Failed() {
		return
	}
	before, sources := use(), 0
	for _, p := range parties {
		p.sources = 0
	}
	all(half)
	after := use()
	for _, p := range parties {
		sources += p.sources
	}
	t := parties[0].t
	t.Logf("in the middle: %s; in the end: %s, after %d more sources of RTP", before, after, sources)
	full := *rounds >= 1000 // before, there are still more and more sections
	if full && (after.goroutines > before.goroutines+maxGoroutines || after.heap > before.heap+maxHeap+uint64(sources)*maxSource) {
		t.Errorf("more is in use after %d rounds than after %d", *rounds, *rounds/2)
	}
}

// What the second half of the rounds may need more than the first. A track that
// is sent has a few goroutines, and both pions remember each source of RTP, of
// which a track that is added makes a new one, for as long as they live.
const (
	maxGoroutines = 40
	maxHeap       = 1 << 20
	maxSource     = 4 << 10
)

// usage is what the process needs.
type usage struct {
	goroutines int
	heap       uint64 // bytes
}

func (u usage) String() string { return fmt.Sprintf("%d goroutines, %d KB", u.goroutines, u.heap>>10) }

func use() usage {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC() // finalizers have run
	runtime.ReadMemStats(&stats)
	return usage{runtime.NumGoroutine(), stats.HeapAlloc}
}

// report says what happened, and fails if nothing collided.
func (p *party) report() {
	text := p.pc.CurrentLocalDescription().SDP
	collisions := p.count(CollisionRollback) + p.count(CollisionIgnored)
	p.t.Logf("%s: %d rounds, %d offers, %d answers, %d collisions, %d chat lines, %d transceivers stopped, %d sections, %d bytes of SDP; %s", p.name, *rounds,
		p.count(OfferSending), p.count(AnswerSending), collisions, p.heard, p.stops, len(p.read(text)), len(text), &p.media)
	if collisions == 0 {
		p.t.Errorf("%s: nothing collided", p.name)
	}
}

// delayed returns a queue that keeps the order and takes its time.
func delayed(t *testing.T, deliver func(frame)) chan<- []byte {
	queue := make(chan []byte, 1024)
	r := rand.New(rand.NewPCG(3, 4))
	var wg sync.WaitGroup
	wg.Go(func() {
		for data := range queue {
			if d := r.IntN(4); d > 0 {
				time.Sleep(time.Duration(d) * time.Millisecond)
			}
			var f frame
			if err := json.Unmarshal(data, &f); err != nil {
				t.Error(err)
			}
			deliver(f)
		}
	})
	t.Cleanup(func() {
		close(queue)
		wg.Wait()
	})
	return queue
}

// frame is what the two parties send each other, in order.
type frame struct {
	Message *Message `json:"message,omitempty"`
	Pass    *pass    `json:"pass,omitempty"`
	Done    bool     `json:"done,omitempty"`
}

// pass says what one party sees after it has negotiated all it wanted. When two
// in a row are equal on both sides, all has come to rest.
type pass struct {
	Events   int
	Sections string
	Live     string // mids of the sections on which media are sent
	Chat     int    // lines sent
}

// party is one side.
type party struct {
	*rand.Rand
	t      *testing.T
	name   string
	pc     *webrtc.PeerConnection
	s      *Session
	frames chan<- []byte
	passes chan pass
	media  player
	done   chan struct{} // the other side has made all its rounds

	mu     sync.Mutex
	events map[Kind]int
	total  int           // of events
	log    []string      // the last ones
	heard  int           // lines of chat
	more   chan struct{} // something was heard; capacity 1

	chat     *webrtc.DataChannel
	open     chan struct{}
	sent     int
	created  int // channels
	stops    int // of transceivers
	sources  int // of RTP, made natively
	channels []*webrtc.DataChannel
}

func newParty(t *testing.T, name string, seed uint64) *party {
	p := &party{
		Rand: rand.New(rand.NewPCG(seed, 0)), t: t, name: name, pc: newStressedConnection(t),
		passes: make(chan pass, 4), done: make(chan struct{}), events: map[Kind]int{}, more: make(chan struct{}, 1), open: make(chan struct{}),
	}
	p.media.begin(t, p.pc)
	p.pc.OnDataChannel(func(dc *webrtc.DataChannel) {
		if dc.Label() == "chat" {
			p.use(dc)
		}
	})
	return p
}

func (p *party) use(dc *webrtc.DataChannel) {
	p.chat = dc
	listen(dc, func(text string) {
		p.mu.Lock()
		if text != strconv.Itoa(p.heard) {
			p.t.Errorf("%s: chat line %d is %q", p.name, p.heard, text)
		}
		p.heard++
		p.mu.Unlock()
		select {
		case p.more <- struct{}{}:
		default:
		}
	}, func() { close(p.open) })
}

func (p *party) attach() {
	s, err := Attach(p.pc, p.name == "polite", func(m Message) { p.send(frame{Message: &m}) }, WithTrace(p.trace))
	if err != nil {
		p.t.Fatal(err)
	}
	p.mu.Lock()
	p.s = s
	p.mu.Unlock()
	p.t.Cleanup(func() {
		s.Close()
		<-s.Done()
		if p.t.Failed() {
			p.t.Logf("%s:\n%s\n%s", p.name, strings.Join(p.log, "\n"), p.outlook())
		}
		if err := p.pc.Close(); err != nil {
			p.t.Error(err)
		}
	})
}

// outlook says what was negotiated last, and what is wanted.
func (p *party) outlook() string {
	var b strings.Builder
	for _, d := range []*webrtc.SessionDescription{p.pc.CurrentLocalDescription(), p.pc.CurrentRemoteDescription()} {
		if d != nil {
			fmt.Fprintf(&b, "%s: %v\n", d.Type, p.read(d.SDP))
		}
	}
	fmt.Fprintf(&b, "wanted: %v", p.wanted())
	return b.String()
}

func (p *party) send(f frame) {
	data, err := json.Marshal(f)
	if err != nil {
		p.t.Error(err)
	}
	p.frames <- data
}

func (p *party) receive(f frame) {
	switch {
	case f.Done:
		close(p.done)
	case f.Pass != nil:
		p.passes <- *f.Pass
	case f.Message != nil:
		p.mu.Lock()
		s := p.s
		p.mu.Unlock()
		if err := s.Receive(*f.Message); err != nil && !errors.Is(err, ErrClosed) {
			p.t.Error(err)
		}
	}
}

func (p *party) trace(e Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.events[e.Kind]++
	p.total++
	p.log = append(p.log, e.Time.Format("05.000 ")+e.String())
	p.log = p.log[max(0, len(p.log)-200):]
	if e.Level() == LevelWarn || e.Level() == LevelError {
		p.t.Errorf("%s surfaced: %s", p.name, e)
	}
}

func (p *party) count(k Kind) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.events[k]
}

// begin opens the chat.
func (p *party) begin() {
	if p.name == "polite" {
		p.do(func() error {
			dc, err := p.pc.CreateDataChannel("chat", nil)
			p.use(dc)
			return err
		})
	}
	p.rest()
	<-p.open
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
	}
}

// do makes a change.
func (p *party) do(f func() error) {
	if err := p.s.Do(func() error {
		err := f()
		now := p.wanted()
		p.mu.Lock()
		defer p.mu.Unlock()
		p.log = append(p.log, fmt.Sprintf("%s changed: %v", time.Now().Format("05.000"), now))
		return err
	}); err != nil {
		p.t.Errorf("%s: %v", p.name, err)
	}
}

// rest waits until both parties see nothing happen any more, and looks at what
// was negotiated.
func (p *party) rest() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	var before, theirs [2]pass
	for n := 0; ; n++ {
		if err := p.s.Negotiated(ctx); err != nil {
			p.t.Errorf("%s: not negotiated: %v", p.name, err)
			return
		}
		p.mu.Lock()
		mine := pass{Events: p.total, Sections: p.sections(), Live: strings.Join(p.live(), " "), Chat: p.sent}
		p.mu.Unlock()
		p.send(frame{Pass: &mine})
		select {
		case other := <-p.passes:
			before, theirs = [2]pass{before[1], mine}, [2]pass{theirs[1], other}
		case <-ctx.Done():
			p.t.Errorf("%s: the other side does not come to rest", p.name)
			return
		}
		if n > 0 && before[0] == before[1] && theirs[0] == theirs[1] {
			break
		}
	}
	if before[1].Sections != theirs[1].Sections {
		p.t.Errorf("%s has the sections %s, the other %s", p.name, before[1].Sections, theirs[1].Sections)
	}
	p.complete()
	for p.lines() < theirs[1].Chat {
		select {
		case <-p.more:
		case <-ctx.Done():
			p.t.Errorf("%s: %d chat lines came, not %d", p.name, p.lines(), theirs[1].Chat)
			return
		}
	}
	p.media.atRest(true)
	defer p.media.atRest(false)
	p.arrive(ctx, strings.Fields(theirs[1].Live))
	p.send(frame{Pass: &pass{}}) // the other side may go on
	select {
	case <-p.passes:
	case <-ctx.Done():
		p.t.Errorf("%s: the other side waits for media", p.name)
	}
}

func (p *party) lines() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.heard
}

// sections outlines what both sides must agree on.
func (p *party) sections() string {
	d := p.pc.CurrentLocalDescription()
	if d == nil {
		return ""
	}
	var list []string
	for _, s := range p.read(d.SDP) {
		list = append(list, fmt.Sprint(s.mid, " ", s.kind, " ", s.rejected))
	}
	return strings.Join(list, ", ")
}

func (p *party) read(text string) []section {
	parsed, err := parse(text)
	if err != nil {
		p.t.Error(err)
		return nil
	}
	return parsed.sections()
}

// maxChannels bounds how many data channels are made: pion keeps the closed ones.
const maxChannels = 50

// maxStops bounds how many transceivers are stopped where one side is native: pion
// does not use their sections again.
const maxStops = 4

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
