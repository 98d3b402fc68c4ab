package negotiation

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/trace"
)

// newParties returns two parties that are attached to each other.
func newParties(t *testing.T) (polite, impolite *party) {
	polite, impolite = newParty(t, "polite", 1), newParty(t, "impolite", 2)
	polite.frames, impolite.frames = delayed(t, impolite.receive), delayed(t, polite.receive)
	polite.attach()
	impolite.attach()
	return polite, impolite
}

// all makes the parties do something at the same time.
func all(parties []*party, f func(*party)) {
	var wg sync.WaitGroup
	for _, p := range parties {
		wg.Go(func() { f(p) })
	}
	wg.Wait()
}

// party is one side.
type party struct {
	*rand.Rand
	courier
	name      string
	pc        *webrtc.PeerConnection
	s         *Session
	media     player
	deafAfter bool   // the next meeting
	metWith   string // the ufrag at the last one

	finish func() // tells the other side, where that is a browser, that this one has looked at everything

	mu     sync.Mutex
	deaf   bool      // messages wait
	waits  []Message // until it hears
	events map[trace.Kind]int
	moved  *sync.Cond    // there was an event
	total  int           // of events
	log    []string      // the last ones
	heard  int           // lines of chat
	more   chan struct{} // something was heard; capacity 1

	chat     *webrtc.DataChannel
	open     chan struct{}
	sent     int
	created  int // channels
	stops    int // of transceivers
	channels []*webrtc.DataChannel
}

func newParty(t *testing.T, name string, stream uint64) *party {
	p := &party{
		Rand: rand.New(rand.NewPCG(stream, *seed)), courier: newCourier(t), name: name, pc: newConnection(t),
		events: map[trace.Kind]int{}, more: make(chan struct{}, 1), open: make(chan struct{}),
	}
	p.moved = sync.NewCond(&p.mu)
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
	s, err := Attach(p.pc, Role(p.name), func(m Message) error { p.send(frame{Message: &m}); return nil }, WithTrace(p.trace))
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
	if current := p.current(); current != nil {
		fmt.Fprintf(&b, "local, offered %v: %v\nremote: %v\n", current.Offered, current.Local.Sections(), current.Remote.Sections())
	}
	fmt.Fprintf(&b, "wanted: %v", p.wanted())
	return b.String()
}

func (p *party) receive(f frame) {
	p.courier.receive(f, func(m Message) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.waits = append(p.waits, m); !p.deaf {
			p.hear()
		}
	})
}

// hear hands over the messages that wait. It is called with p.mu held.
func (p *party) hear() {
	for _, m := range p.waits {
		if err := p.s.Receive(m); err != nil && !errors.Is(err, ErrClosed) {
			p.t.Error(err)
		}
	}
	p.waits, p.deaf = nil, false
}

func (p *party) trace(e trace.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.events[e.Kind]++
	p.moved.Broadcast()
	p.total++
	p.log = append(p.log, e.Time.Format("05.000 ")+e.String())
	p.log = p.log[max(0, len(p.log)-200):]
	if e.Level() == trace.LevelWarn || e.Level() == trace.LevelError {
		p.t.Errorf("%s surfaced: %s", p.name, e)
	}
}

func (p *party) count(k trace.Kind) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.events[k]
}

func (p *party) collisions() int {
	return p.count(trace.CollisionRollback) + p.count(trace.CollisionIgnored)
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
	select {
	case <-p.open:
	case <-time.After(30 * time.Second):
		p.t.Errorf("%s: the data channel does not open", p.name)
	}
	p.rest() // afterwards a restart may take a native side the network
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
	mine, theirs, settled := p.settle(ctx, p.name, p.s.Negotiated, func() pass {
		p.mu.Lock()
		defer p.mu.Unlock()
		return pass{Events: p.total, Sections: p.sections(), Live: strings.Join(p.live(), " "), Chat: p.sent}
	})
	if !settled {
		return
	}
	if mine.Sections != theirs.Sections {
		p.t.Errorf("%s has the sections %s, the other %s", p.name, mine.Sections, theirs.Sections)
	}
	p.complete()
	for p.lines() < theirs.Chat {
		select {
		case <-p.more:
		case <-ctx.Done():
			p.t.Errorf("%s: %d chat lines came, not %d", p.name, p.lines(), theirs.Chat)
			return
		}
	}
	p.media.atRest(true)
	defer p.media.atRest(false)
	p.arrive(ctx, strings.Fields(theirs.Live))
	p.meet(ctx)
}

// meet waits until the other side meets, too.
func (p *party) meet(ctx context.Context) {
	p.mu.Lock()
	p.deaf, p.metWith = p.deafAfter, p.ufrag()
	p.mu.Unlock()
	p.send(frame{Pass: &pass{}})
	select {
	case <-p.passes:
	case <-ctx.Done():
		p.t.Errorf("%s: the other side does not come", p.name)
	}
}

// ufrag returns that of the last local description.
func (p *party) ufrag() string {
	d := p.pc.CurrentLocalDescription()
	if d == nil {
		return ""
	}
	_, after, _ := strings.Cut(d.SDP, "a=ice-ufrag:")
	ufrag, _, _ := strings.Cut(after, "\r\n")
	return ufrag
}

func (p *party) lines() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.heard
}

// sections outlines what both sides must agree on. What was offered the other side
// may have rejected.
func (p *party) sections() string {
	current := p.current()
	if current == nil {
		return ""
	}
	var list []string
	theirs := current.Remote.Sections()
	for i, s := range current.Local.Sections() {
		list = append(list, fmt.Sprint(s.Mid, " ", s.Kind, " ", s.Rejected || theirs[i].Rejected))
	}
	return strings.Join(list, ", ")
}

// moves are the sides that offer the section that a browser then stops.
var moves = []string{"the browser", "the native side"}

// videoOf are the sides that offer video in a codec that only they have.
var videoOf = []string{"the browser", "the native side", "both"}

// pages are the browser's sides of TestWebPlatformWithBrowser.
var pages = []string{"ours", "the W3C sample"}
