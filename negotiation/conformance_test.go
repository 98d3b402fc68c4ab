package negotiation_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
)

// The tests in this file run natively, on pion, and in a browser, on its
// RTCPeerConnection: both must keep every sentence of them.

// side is one of two peers that signal to each other in memory.
type side struct {
	t        *testing.T
	name     string
	pc       *webrtc.PeerConnection
	s        *negotiation.Session
	mu       sync.Mutex
	events   map[negotiation.Kind]int
	log      []string
	happened chan struct{} // capacity 1

	expected negotiation.Kind         // what may surface
	spoils   int                      // answers that come as garbage
	late     chan negotiation.Message // if there is one, answers go there
	deaf     bool                     // messages wait
	waiting  []negotiation.Message    // for it to hear
	channels chan *webrtc.DataChannel // opened, ours or the other's
	messages chan string
	answer   string // the last that came
	states   []webrtc.SignalingState
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
		t: t, name: name, pc: pc, events: map[negotiation.Kind]int{}, deaf: true,
		happened: make(chan struct{}, 1), channels: make(chan *webrtc.DataChannel, 64), messages: make(chan string, 4096),
	}
	p.pc.OnDataChannel(p.watch)
	return p
}

func (p *side) attach(other *side) {
	p.t.Helper()
	send := func(m negotiation.Message) {
		data, err := m.MarshalJSON()
		if err != nil {
			p.t.Error(err)
		}
		var received negotiation.Message
		if err := received.UnmarshalJSON(data); err != nil {
			p.t.Error(err)
		}
		other.receive(received)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s, err := negotiation.Attach(p.pc, p.name == "polite", send, negotiation.WithTrace(p.trace))
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

func (p *side) trace(e negotiation.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.events[e.Kind]++
	if e.Kind == negotiation.StateChanged {
		p.states = append(p.states, e.State)
	}
	p.log = append(p.log, e.Time.Format("05.000 ")+e.String())
	select {
	case p.happened <- struct{}{}:
	default:
	}
	if e.Kind == negotiation.OfferSending && p.deaf {
		p.hear()
	}
	if (e.Level() == negotiation.LevelWarn || e.Level() == negotiation.LevelError) && e.Kind != p.expected {
		p.t.Errorf("%s surfaced: %s", p.name, e)
	}
}

func (p *side) count(kind negotiation.Kind) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.events[kind]
}

// until waits until there were n events of this kind.
func (p *side) until(kind negotiation.Kind, n int) {
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

func TestConnectFromEitherSide(t *testing.T) {
	for _, from := range []string{"polite", "impolite"} {
		t.Run(from, func(t *testing.T) {
			p, i := pair(t)
			if from == "polite" {
				p.connect("data-polite")
			} else {
				i.connect("data-impolite")
			}
			for _, side := range []*side{p, i} {
				if label := side.channel().Label(); label != "data-"+from {
					t.Errorf("%s: channel %q", side.name, label)
				}
			}
		})
	}
}

func TestConnectFromBothSidesAtOnce(t *testing.T) {
	p, i := pair(t)
	both(p, i, func(s *side) { s.connect("data-" + s.name) })
	for range 2 {
		p.channel()
		i.channel()
	}
}

// TestWhateverCollides lets two offers collide, as the first of all and later,
// with every mixture of sections in each. Where a browser is asked to roll back
// by itself, about half of these fail in Chromium (156).
func TestWhateverCollides(t *testing.T) {
	mixtures := []string{"data", "audio", "video", "audio data", "video data", "audio video", "audio video data"}
	for _, first := range []bool{true, false} {
		for _, ours := range mixtures {
			for _, theirs := range mixtures {
				name := ours + " with " + theirs
				if !first {
					name += ", later"
				}
				t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
					p, i := pair(t)
					if !first {
						p.add("video")
						p.negotiated()
						i.negotiated()
					}
					p.deafen()
					i.deafen()
					both(p, i, func(s *side) {
						if s == p {
							s.add(ours)
						} else {
							s.add(theirs)
						}
					})
					// The one needs what the other has offered, so twice.
					for range 2 {
						p.negotiated()
						i.negotiated()
					}
					if p.count(negotiation.CollisionRollback) != 1 || i.count(negotiation.CollisionIgnored) != 1 {
						t.Error("the offers did not collide once")
					}
					wanted := strings.Fields(ours + " " + theirs)
					if !first {
						wanted = append(wanted, "video")
					}
					for _, side := range []*side{p, i} {
						for _, kind := range []string{"audio", "video"} {
							n := strings.Count(side.pc.CurrentLocalDescription().SDP, "m="+kind+" ")
							if want := strings.Count(strings.Join(wanted, " "), kind); n != want {
								t.Errorf("%s: %d sections of %s, not %d", side.name, n, kind, want)
							}
						}
					}
					for range strings.Count(ours+theirs, "data") {
						p.channel()
						i.channel()
					}
				})
			}
		}
	}
}

func TestRenegotiateAtOnce(t *testing.T) {
	for _, first := range []string{"polite", "impolite"} {
		t.Run(first+" offers first", func(t *testing.T) {
			p, i := pair(t)
			opener, other := p, i
			if first == "impolite" {
				opener, other = i, p
			}
			opener.connect("data")
			opener.channel()
			other.channel()
			const rounds = 20
			for range rounds {
				both(p, i, func(s *side) { s.s.Renegotiate() })
				p.negotiated()
				i.negotiated()
			}
			offers := p.count(negotiation.OfferSending) + i.count(negotiation.OfferSending)
			answers := p.count(negotiation.AnswerSending) + i.count(negotiation.AnswerSending)
			ignored, rollbacks := i.count(negotiation.CollisionIgnored), p.count(negotiation.CollisionRollback)
			t.Logf("%d offers, %d answers, %d rollbacks, %d ignored", offers, answers, rollbacks, ignored)
			if ignored == 0 || rollbacks == 0 {
				t.Errorf("%d ignored offers and %d rollbacks: nothing collided", ignored, rollbacks)
			}
			if offers != answers+ignored {
				t.Errorf("%d offers, but %d answers and %d ignored", offers, answers, ignored)
			}
			if p.count(negotiation.CollisionIgnored) != 0 || i.count(negotiation.CollisionRollback) != 0 {
				t.Error("the polite peer ignored an offer, or the impolite one rolled back")
			}
			for _, s := range []*side{p, i} {
				if s.count(negotiation.Renegotiate) != rounds {
					t.Errorf("%s: %d wishes", s.name, s.count(negotiation.Renegotiate))
				}
				s.mu.Lock()
				if len(s.states)%2 != 0 || len(s.states) < rounds {
					t.Errorf("%s: %d changes of state", s.name, len(s.states))
				}
				for n, state := range s.states {
					if state != []webrtc.SignalingState{webrtc.SignalingStateHaveLocalOffer, webrtc.SignalingStateStable}[n%2] {
						t.Errorf("%s: the states %v", s.name, s.states)
						break
					}
				}
				s.mu.Unlock()
			}
		})
	}
}

func TestAWishBeforeThereIsAnythingToOffer(t *testing.T) {
	p, i := pair(t)
	both(p, i, func(s *side) { s.s.Renegotiate() })
	p.negotiated()
	i.negotiated()
	if n := p.count(negotiation.OfferSending) + i.count(negotiation.OfferSending); n != 0 {
		t.Errorf("%d offers of nothing", n)
	}
	i.connect("data")
	p.channel()
}

func TestChatInOrder(t *testing.T) {
	p, i := pair(t)
	p.connect("data")
	channels := map[*side]*webrtc.DataChannel{p: p.channel(), i: i.channel()}
	const lines = 200
	both(p, i, func(s *side) {
		for n := range lines {
			if err := channels[s].SendText(fmt.Sprint(n)); err != nil {
				t.Error(err)
			}
			if n%50 == 0 {
				s.s.Renegotiate()
			}
		}
	})
	both(p, i, func(s *side) {
		for n := range lines {
			select {
			case got := <-s.messages:
				if got != fmt.Sprint(n) {
					t.Errorf("%s: message %q instead of %d", s.name, got, n)
					return
				}
			case <-time.After(20 * time.Second):
				t.Errorf("%s: message %d did not come", s.name, n)
				return
			}
		}
	})
}

// TestARefusedAnswer has the first answer come as garbage, and later the one to an
// offer that was wished for. Each offer is sent again.
func TestARefusedAnswer(t *testing.T) {
	for _, from := range []string{"polite", "impolite"} {
		t.Run(from, func(t *testing.T) {
			ours, theirs := pair(t)
			if from == "impolite" {
				ours, theirs = theirs, ours
			}
			ours.expected = negotiation.OfferFailed
			ours.spoil()
			ours.connect("data")
			ours.channel()
			theirs.channel()
			ours.negotiated()

			before := credentials(ours.pc.CurrentLocalDescription())
			offers := ours.count(negotiation.OfferSending)
			ours.spoil()
			ours.s.RestartICE()
			ours.s.Renegotiate()
			ours.until(negotiation.OfferFailed, 2)
			ours.negotiated()
			if credentials(ours.pc.CurrentLocalDescription()) == before {
				t.Error("ICE was not restarted")
			}
			if n := ours.count(negotiation.OfferSending) - offers; n < 2 {
				t.Errorf("%d offers", n)
			}
			theirs.connect("more")
			ours.channel()
			theirs.channel()
		})
	}
}

func TestClose(t *testing.T) {
	p, i := pair(t)
	p.connect("data")
	i.channel()
	p.s.Renegotiate()
	p.s.Close()
	<-p.s.Done()
	if err := p.s.Err(); !errors.Is(err, negotiation.ErrClosed) {
		t.Errorf("Err is %v", err)
	}
	for name, err := range map[string]error{
		"Receive":    p.s.Receive(negotiation.Message{}),
		"Do":         p.s.Do(func() error { return nil }),
		"Negotiated": p.s.Negotiated(t.Context()),
	} {
		if !errors.Is(err, negotiation.ErrClosed) {
			t.Errorf("%s after Close returned %v", name, err)
		}
	}
	p.s.Close() // twice is fine
}

func TestWhatHappenedBeforeAttachIsNegotiated(t *testing.T) {
	p, i := newSide(t, "polite"), newSide(t, "impolite")
	dc, err := p.pc.CreateDataChannel("early", nil)
	if err != nil {
		t.Fatal(err)
	}
	p.watch(dc)
	time.Sleep(50 * time.Millisecond) // negotiationneeded fires, and nobody hears it
	p.attach(i)
	i.attach(p)
	p.channel()
	i.channel()
}

func TestAttachTwice(t *testing.T) {
	p, i := pair(t)
	p.connect("first")
	p.channel()
	i.channel()
	p.negotiated()
	i.negotiated()
	for _, s := range []*side{p, i} {
		s.s.Close()
		<-s.s.Done()
	}
	p.attach(i)
	i.attach(p)
	both(p, i, func(s *side) { s.s.Renegotiate() })
	p.negotiated()
	i.negotiated()
	i.connect("second")
	p.channel()
}
