package negotiation

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/sdp"
	"perfect-negotiation/negotiation/trace"
)

var seeds = flag.Uint64("seeds", someSeeds, "with how many seeds, from -seed on, each scenario of the web-platform-tests is played")

// most is how many transceivers a side adds in a scenario of the web-platform-tests.
const most = 11

// scenario is one of the web-platform-tests of perfect negotiation: what each side does,
// both at the same time.
type scenario struct {
	name  string
	play  func(*webPlatformPeer)
	first int // transceivers that the side adds that is first
	other int
}

var scenarios = []scenario{
	{"setup", func(p *webPlatformPeer) {
		if p.first {
			p.add(1)
		}
	}, 1, 0},
	{"glare", func(p *webPlatformPeer) { p.add(1) }, 1, 1},
	{"stress", func(p *webPlatformPeer) {
		for left := most; left > 0; {
			n := 1 + p.IntN(left)
			p.add(n)
			left -= n
			p.pause()
		}
	}, most, most},
	{"stress linear", func(p *webPlatformPeer) {
		for range most {
			p.add(1)
			p.rest()
		}
	}, most, most},
	{"restart", func(p *webPlatformPeer) {
		p.add(1)
		p.rest()
		before := p.ufrag()
		for range 3 {
			p.restart()
			p.pause()
			p.add(1)
		}
		p.rest()
		if p.ufrag() == before {
			p.t.Errorf("%s: ICE was not restarted", p.role)
		}
	}, 4, 4},
}

// webPlatformRow is a scenario with one side first and one seed.
type webPlatformRow struct {
	scenario
	begins Role
	seed   uint64
}

func (r webPlatformRow) String() string {
	return strings.ReplaceAll(fmt.Sprintf("%s, the %s side first, seed %d", r.name, r.begins, r.seed), " ", "_")
}

// webPlatformRows leaves out, with one seed, the scenario that is as long as all others.
func webPlatformRows() (rows []webPlatformRow) {
	for _, begins := range []Role{Polite, Impolite} {
		for _, c := range scenarios {
			if *seeds == 1 && c.name == "stress linear" {
				continue
			}
			for n := range *seeds {
				rows = append(rows, webPlatformRow{c, begins, *seed + n})
			}
		}
	}
	return rows
}

// TestWebPlatform plays the scenarios of the web-platform-tests of perfect negotiation:
// each side adds transceivers, over signalling that takes 0 to 9 ms. No section may take a
// transceiver that addTransceiver made: each side has its own in the end, which send, and
// those of the other side, which receive.
// https://github.com/web-platform-tests/wpt/tree/master/webrtc
func TestWebPlatform(t *testing.T) {
	for _, r := range webPlatformRows() {
		t.Run(r.String(), func(t *testing.T) {
			inBubble(t, func(t *testing.T) { r.together(t, newSessionSide, newSessionSide) })
		})
	}
}

// together plays both sides.
func (r webPlatformRow) together(t *testing.T, polite, impolite func(*webPlatformPeer) webPlatformSide) {
	p, i := r.peer(t, Polite), r.peer(t, Impolite)
	p.frames, i.frames = r.delayed(t, Polite, i.receive), r.delayed(t, Impolite, p.receive)
	p.webPlatformSide, i.webPlatformSide = polite(p), impolite(i)
	var wg sync.WaitGroup
	for _, p := range []*webPlatformPeer{p, i} {
		wg.Go(func() { r.on(p) })
	}
	wg.Wait()
}

// on plays one side, and looks what became of it.
func (r webPlatformRow) on(p *webPlatformPeer) {
	r.play(p)
	p.rest()
	if p.first {
		p.looks(r.first, r.other)
	} else {
		p.looks(r.other, r.first)
	}
}

// stream returns random numbers of their own for what a role does, or its signalling.
func (r webPlatformRow) stream(role Role, n uint64) *rand.Rand {
	if role == Impolite {
		n++
	}
	return rand.New(rand.NewPCG(n, r.seed))
}

func (r webPlatformRow) peer(t *testing.T, role Role) *webPlatformPeer {
	return &webPlatformPeer{
		Rand: r.stream(role, 0), courier: newCourier(t), role: role, first: role == r.begins,
	}
}

func (r webPlatformRow) delayed(t *testing.T, role Role, deliver func(frame)) chan<- []byte {
	return delayedBy(t, r.stream(role, 2), 10, deliver)
}

// webPlatformSide is what negotiates: a Session, or a page in plain JavaScript.
type webPlatformSide interface {
	add(n int) // transceivers for video, at once
	restart()  // ICE
	negotiated(context.Context) error
	hear(Message) error
	transceivers() int
	ufrag() string // of the current local description
}

// webPlatformPeer is one side, and what came of it.
type webPlatformPeer struct {
	*rand.Rand
	webPlatformSide
	courier
	role  Role
	first bool

	mu       sync.Mutex
	messages int              // sent and received
	answer   *sdp.Description // the last, on the wire
	answered bool             // by this side
}

func (p *webPlatformPeer) pause() { time.Sleep(time.Duration(p.IntN(10)) * time.Millisecond) }

// said sends a message.
func (p *webPlatformPeer) said(m Message) {
	p.count(m, true)
	p.send(frame{Message: &m})
}

func (p *webPlatformPeer) receive(f frame) {
	p.courier.receive(f, func(m Message) {
		p.count(m, false)
		if err := p.hear(m); err != nil && !errors.Is(err, ErrClosed) {
			p.t.Error(err)
		}
	})
}

func (p *webPlatformPeer) count(m Message, ours bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.messages++
	if m.Description != nil && m.Description.Type == webrtc.SDPTypeAnswer {
		p.answer, p.answered = sdp.Parse(m.Description.SDP), ours
	}
}

// rest waits until neither side says anything any more.
func (p *webPlatformPeer) rest() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	p.settle(ctx, string(p.role), p.negotiated, func() pass {
		p.mu.Lock()
		defer p.mu.Unlock()
		return pass{Events: p.messages}
	})
}

// looks counts the transceivers, and the sections in which they send and receive now.
func (p *webPlatformPeer) looks(own, theirs int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.answer == nil {
		p.t.Errorf("%s: there was no answer", p.role)
		return
	}
	count := map[sdp.Direction]int{}
	for _, s := range p.answer.Sections() {
		if !p.answered {
			s.Direction = s.Direction.Reversed()
		}
		count[s.Direction]++
	}
	if n := p.transceivers(); n != own+theirs || count[sdp.Sendonly] != own || count[sdp.Recvonly] != theirs || len(count) > 2 {
		p.t.Errorf("%s: %d transceivers and not %d, in sections that are %v", p.role, n, own+theirs, count)
	}
}

// sessionSide is a Session.
type sessionSide struct {
	p  *webPlatformPeer
	pc *webrtc.PeerConnection
	s  *Session
}

// newSessionSide returns a Session on a connection that needs no network.
func newSessionSide(p *webPlatformPeer) webPlatformSide { return attached(p, newOffline(p.t)) }

func attached(p *webPlatformPeer, pc *webrtc.PeerConnection) *sessionSide {
	s, err := Attach(pc, p.role, func(m Message) error { p.said(m); return nil }, WithTrace(func(e trace.Event) {
		if e.Level() == trace.LevelWarn || e.Level() == trace.LevelError {
			p.t.Errorf("%s: %s", p.role, e)
		}
	}))
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		s.Close()
		<-s.Done()
	})
	return &sessionSide{p, pc, s}
}

func (s *sessionSide) add(n int) {
	if err := s.s.Do(func() (err error) {
		for range n {
			_, failed := s.pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo)
			err = errors.Join(err, failed)
		}
		return err
	}); err != nil {
		s.p.t.Error(err)
	}
}

func (s *sessionSide) restart()                             { s.s.RestartICE() }
func (s *sessionSide) negotiated(ctx context.Context) error { return s.s.Negotiated(ctx) }
func (s *sessionSide) hear(m Message) error                 { return s.s.Receive(m) }
func (s *sessionSide) transceivers() int                    { return len(s.pc.GetTransceivers()) }
func (s *sessionSide) ufrag() string                        { return ufragOf(s.pc.CurrentLocalDescription()) }
