//go:build !js

package negotiation

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/sdp"
	"perfect-negotiation/negotiation/trace"
)

var seeds = flag.Uint64("seeds", 20, "with how many seeds TestWebPlatform plays each scenario")

// most is how many transceivers a side adds in a scenario of the web-platform-tests.
const most = 11

// TestWebPlatform plays the scenarios of the web-platform-tests of perfect negotiation:
// each side adds transceivers, over signalling that takes 0 to 9 ms. No section may take a
// transceiver that addTransceiver made: each side has its own in the end, which send, and
// those of the other side, which receive.
// https://github.com/web-platform-tests/wpt/tree/master/webrtc
func TestWebPlatform(t *testing.T) {
	for _, first := range []Role{Polite, Impolite} {
		for _, c := range []struct {
			name string
			play func(first, other *webPlatformPeer)
			own  map[bool]int // transceivers of the side that is first, or not
		}{
			{"setup", func(first, _ *webPlatformPeer) { first.add(1) }, map[bool]int{true: 1}},
			{"glare", func(first, other *webPlatformPeer) { first.add(1); other.add(1) }, map[bool]int{true: 1, false: 1}},
			{"stress", func(first, other *webPlatformPeer) {
				atOnce(first, other, func(p *webPlatformPeer) {
					for left := most; left > 0; {
						n := 1 + p.IntN(left)
						p.add(n)
						left -= n
						p.pause()
					}
				})
			}, map[bool]int{true: most, false: most}},
			{"stress linear", func(first, other *webPlatformPeer) {
				for range most {
					atOnce(first, other, func(p *webPlatformPeer) { p.add(1) })
					atOnce(first, other, (*webPlatformPeer).rest)
				}
			}, map[bool]int{true: most, false: most}},
			{"restart", func(first, other *webPlatformPeer) {
				atOnce(first, other, func(p *webPlatformPeer) { p.add(1); p.rest() })
				atOnce(first, other, func(p *webPlatformPeer) {
					before := ufragOf(p.pc.CurrentLocalDescription())
					for range 3 {
						p.s.RestartICE()
						p.pause()
						p.add(1)
					}
					p.rest()
					if ufragOf(p.pc.CurrentLocalDescription()) == before {
						p.t.Errorf("%s: ICE was not restarted", p.role)
					}
				})
			}, map[bool]int{true: 4, false: 4}},
		} {
			t.Run(fmt.Sprintf("%s, the %s side first", c.name, first), func(t *testing.T) {
				for seed := range *seeds {
					synctest.Test(t, func(t *testing.T) {
						a, b := newWebPlatformPeers(t, first, seed)
						c.play(a, b)
						atOnce(a, b, (*webPlatformPeer).rest)
						a.looks(c.own[true], c.own[false])
						b.looks(c.own[false], c.own[true])
						if t.Failed() {
							t.Fatalf("seed %d", seed)
						}
					})
				}
			})
		}
	}
}

func atOnce(a, b *webPlatformPeer, f func(*webPlatformPeer)) {
	var wg sync.WaitGroup
	wg.Go(func() { f(a) })
	wg.Go(func() { f(b) })
	wg.Wait()
}

// webPlatformPeer is one side. It has no network, and needs none to negotiate.
type webPlatformPeer struct {
	*rand.Rand
	t    *testing.T
	role Role
	pc   *webrtc.PeerConnection
	s    *Session

	answer   *sdp.Description // the last, on the wire
	answered bool             // by this side
}

func newWebPlatformPeers(t *testing.T, first Role, seed uint64) (a, b *webPlatformPeer) {
	var list []*webPlatformPeer
	for i, role := range []Role{Polite, Impolite} {
		engine := webrtc.SettingEngine{}
		engine.SetNetworkTypes([]webrtc.NetworkType{})
		engine.SetInterfaceFilter(func(string) bool { return false })
		engine.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
		codecs := &webrtc.MediaEngine{}
		must(t, codecs.RegisterCodec(webrtc.RTPCodecParameters{
			RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}, PayloadType: 96,
		}, webrtc.RTPCodecTypeVideo))
		pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(engine), webrtc.WithMediaEngine(codecs)).NewPeerConnection(webrtc.Configuration{})
		must(t, err)
		list = append(list, &webPlatformPeer{Rand: rand.New(rand.NewPCG(uint64(i), seed)), t: t, role: role, pc: pc})
	}
	for i, p := range list {
		other, way := list[1-i], make(chan Message, 1024)
		delays := rand.New(rand.NewPCG(uint64(2+i), seed))
		var err error
		p.s, err = Attach(p.pc, p.role, func(m Message) error {
			if m.Description != nil && m.Description.Type == webrtc.SDPTypeAnswer {
				p.answer, p.answered = sdp.Parse(m.Description.SDP), true
			}
			way <- m
			return nil
		}, WithTrace(func(e trace.Event) {
			if e.Level() == trace.LevelWarn || e.Level() == trace.LevelError {
				t.Errorf("%s: %s", p.role, e)
			}
		}))
		must(t, err)
		carried := make(chan struct{})
		go func() {
			defer close(carried)
			for m := range way {
				time.Sleep(time.Duration(delays.IntN(10)) * time.Millisecond)
				if m.Description != nil && m.Description.Type == webrtc.SDPTypeAnswer {
					_ = other.s.Do(func() error { other.answer, other.answered = sdp.Parse(m.Description.SDP), false; return nil })
				}
				if err := other.s.Receive(m); err != nil && !errors.Is(err, ErrClosed) {
					t.Error(err)
				}
			}
		}()
		t.Cleanup(func() {
			p.s.Close()
			<-p.s.Done()
			close(way)
			<-carried
			if err := p.pc.GracefulClose(); err != nil {
				t.Error(err)
			}
		})
	}
	if first == Impolite {
		return list[1], list[0]
	}
	return list[0], list[1]
}

func (p *webPlatformPeer) pause() { time.Sleep(time.Duration(p.IntN(10)) * time.Millisecond) }

// add adds n transceivers at once.
func (p *webPlatformPeer) add(n int) {
	if err := p.s.Do(func() (err error) {
		for range n {
			_, failed := p.pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo)
			err = errors.Join(err, failed)
		}
		return err
	}); err != nil {
		p.t.Error(err)
	}
}

// rest waits until all is negotiated that either side wants. What the other side has
// still to offer is on its way for 9 ms at most.
func (p *webPlatformPeer) rest() {
	for range 3 {
		ctx, cancel := context.WithTimeout(p.t.Context(), time.Minute)
		if err := p.s.Negotiated(ctx); err != nil {
			p.t.Error(err)
		}
		cancel()
		time.Sleep(20 * time.Millisecond)
	}
}

// looks counts the transceivers, and the sections in which they send and receive now.
func (p *webPlatformPeer) looks(own, theirs int) {
	count := map[sdp.Direction]int{}
	for _, s := range p.answer.Sections() {
		if !p.answered {
			s.Direction = s.Direction.Reversed()
		}
		count[s.Direction]++
	}
	if n := len(p.pc.GetTransceivers()); n != own+theirs || count[sdp.Sendonly] != own || count[sdp.Recvonly] != theirs || len(count) > 2 {
		p.t.Errorf("%s: %d transceivers and not %d, in sections that are %v", p.role, n, own+theirs, count)
	}
}
