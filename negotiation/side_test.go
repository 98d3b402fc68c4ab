package negotiation_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/trace"
)

// side is one of two peers that signal to each other in memory.
type side struct {
	t        *testing.T
	name     string
	pc       *webrtc.PeerConnection
	s        *negotiation.Session
	mu       sync.Mutex
	events   map[trace.Kind]int
	log      []string
	happened chan struct{} // capacity 1

	expected  trace.Kind               // what may surface
	spoils    int                      // answers that come as garbage
	late      chan negotiation.Message // if there is one, answers go there
	deaf      bool                     // messages wait
	waiting   []negotiation.Message    // for it to hear
	channels  chan *webrtc.DataChannel // opened, ours or the other's
	messages  chan string
	answer    string // the last that came
	sentFirst string // the ufrag of the first description
	states    []trace.State
	told      []trace.Event

	options []negotiation.Option
	tell    func(trace.Event) // is told each event, too; nil: nobody is
}

// pair returns a polite and an impolite peer, connected by ordered signalling.
func pair(t *testing.T) (polite, impolite *side) {
	t.Helper()
	polite, impolite = newSide(t, "polite"), newSide(t, "impolite")
	polite.attach(impolite)
	impolite.attach(polite)
	return polite, impolite
}

func newSide(t *testing.T, name string) *side {
	t.Helper()
	return newSideWith(t, name, newPeerConnection(t, negotiation.PoliteConfiguration(webrtc.Configuration{})))
}

func newSideWith(t *testing.T, name string, pc *webrtc.PeerConnection) *side {
	p := &side{
		t: t, name: name, pc: pc, events: map[trace.Kind]int{}, deaf: true,
		happened: make(chan struct{}, 1), channels: make(chan *webrtc.DataChannel, 64), messages: make(chan string, 4096),
	}
	p.pc.OnDataChannel(p.watch)
	return p
}

func (p *side) attach(other *side) {
	p.t.Helper()
	send := func(m negotiation.Message) error {
		data, err := m.MarshalJSON()
		if err != nil {
			p.t.Error(err)
		}
		var received negotiation.Message
		if err := received.UnmarshalJSON(data); err != nil {
			p.t.Error(err)
		}
		if m.Description != nil {
			p.mu.Lock()
			if p.sentFirst == "" {
				p.sentFirst = credentials(m.Description)
			}
			p.mu.Unlock()
		}
		other.receive(received)
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s, err := negotiation.Attach(p.pc, negotiation.Role(p.name), send, append(p.options, negotiation.WithTrace(p.trace))...)
	if err != nil {
		p.t.Fatal(err)
	}
	p.s = s
	p.hear()
	p.t.Cleanup(func() {
		s.Close()
		<-s.Done()
		if err := p.pc.Close(); err != nil {
			p.t.Error(err)
		}
		if p.t.Failed() {
			p.t.Logf("%s:\n%s", p.name, strings.Join(p.log, "\n"))
		}
	})
}

func (p *side) receive(m negotiation.Message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if m.Description != nil && m.Description.Type == webrtc.SDPTypeAnswer {
		p.answer = m.Description.SDP
		if p.spoils > 0 {
			p.spoils--
			m.Description.SDP = "<garbage>"
		}
		if p.late != nil {
			p.late <- m
			return
		}
	}
	if p.deaf {
		p.waiting = append(p.waiting, m)
		return
	}
	if err := p.s.Receive(m); err != nil && !errors.Is(err, negotiation.ErrClosed) {
		p.t.Error(err)
	}
}

// deafen lets nothing come until the side has made an offer.
func (p *side) deafen() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.deaf = true
}

// spoil has the next answer come as garbage.
func (p *side) spoil() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.spoils++
}

// hear is called with mu locked.
func (p *side) hear() {
	p.deaf = false
	for _, m := range p.waiting {
		if err := p.s.Receive(m); err != nil && !errors.Is(err, negotiation.ErrClosed) {
			p.t.Error(err)
		}
	}
	p.waiting = nil
}

func (p *side) trace(e trace.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.events[e.Kind]++
	p.told = append(p.told, e)
	if p.tell != nil {
		p.tell(e)
	}
	if e.Kind == trace.StateChanged {
		p.states = append(p.states, e.State)
	}
	p.log = append(p.log, e.Time.Format("05.000 ")+e.String())
	select {
	case p.happened <- struct{}{}:
	default:
	}
	if e.Kind == trace.OfferSending && p.deaf {
		p.hear()
	}
	if (e.Level() == trace.LevelWarn || e.Level() == trace.LevelError) && e.Kind != p.expected {
		p.t.Errorf("%s surfaced: %s", p.name, e)
	}
}

func (p *side) count(kind trace.Kind) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.events[kind]
}

// until waits until there were n events of this kind.
func (p *side) until(kind trace.Kind, n int) {
	p.t.Helper()
	timeout := time.After(20 * time.Second)
	for p.count(kind) < n {
		select {
		case <-p.happened:
		case <-timeout:
			p.t.Fatalf("%s: no %s", p.name, kind)
		}
	}
}

func (p *side) watch(dc *webrtc.DataChannel) {
	receive(p.t, dc, func(text string) { p.messages <- text })
	opened(dc, func() { p.channels <- dc })
}

// connect creates a data channel, as an application does.
func (p *side) connect(label string) {
	p.t.Helper()
	if err := p.s.Do(func() error { return p.create(label) }); err != nil {
		p.t.Fatal(err)
	}
}

func (p *side) create(label string) error {
	dc, err := p.pc.CreateDataChannel(label, nil)
	if err == nil {
		p.watch(dc)
	}
	return err
}

// add adds what is named: audio, video and data.
func (p *side) add(mixture string) {
	p.t.Helper()
	err := p.s.Do(func() (err error) {
		for _, what := range strings.Fields(mixture) {
			if what == "data" {
				err = errors.Join(err, p.create("data-"+p.name))
			} else {
				_, failed := p.pc.AddTransceiverFromKind(webrtc.NewRTPCodecType(what))
				err = errors.Join(err, failed)
			}
		}
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *side) channel() *webrtc.DataChannel {
	p.t.Helper()
	select {
	case dc := <-p.channels:
		return dc
	case <-time.After(20 * time.Second):
		p.t.Fatalf("%s: no data channel opened", p.name)
		return nil
	}
}

func (p *side) negotiated() {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := p.s.Negotiated(ctx); err != nil {
		p.t.Fatalf("%s: not negotiated: %v", p.name, err)
	}
}

// both runs f on two sides at once.
func both(a, b *side, f func(*side)) {
	var wg sync.WaitGroup
	wg.Go(func() { f(a) })
	wg.Go(func() { f(b) })
	wg.Wait()
}
