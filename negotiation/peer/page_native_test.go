//go:build !js

package peer

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/transport/v5/vnet"
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/negotiation/trace"
)

// page is a member of the room that does not know our protocol: it has no sessions, and a
// bare PeerConnection.
type page struct {
	w         *world
	network   *vnet.Net
	transport signaling.Transport
	pc        *webrtc.PeerConnection

	mu    sync.Mutex
	heard []signaling.Envelope // from peers
}

func (w *world) page(role wire.Role) *page {
	w.t.Helper()
	p := &page{w: w}
	var err error
	if p.network, err = vnet.NewNet(&vnet.NetConfig{}); err != nil {
		w.t.Fatal(err)
	}
	if err := w.router.AddNet(p.network); err != nil {
		w.t.Fatal(err)
	}
	p.transport, err = w.room.Dialer("page")(context.Background(), signaling.Options{Room: "room", Role: role}, signaling.Handler{
		Connected:    func() {},
		Disconnected: func(error, time.Duration, bool) {},
		Received: func(e signaling.Envelope) {
			p.mu.Lock()
			defer p.mu.Unlock()
			if e.From != "" {
				p.heard = append(p.heard, e)
			}
		},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	p.renew()
	w.t.Cleanup(func() {
		p.transport.Close()
		<-p.transport.Done()
		_ = p.pc.Close()
	})
	return p
}

// renew gives it another PeerConnection.
func (p *page) renew() {
	p.w.t.Helper()
	if p.pc != nil {
		_ = p.pc.Close()
	}
	engine := webrtc.SettingEngine{}
	engine.SetNet(p.network)
	engine.DisableCloseByDTLS(true)
	engine.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	var err error
	if p.pc, err = webrtc.NewAPI(webrtc.WithSettingEngine(engine)).NewPeerConnection(webrtc.Configuration{}); err != nil {
		p.w.t.Fatal(err)
	}
	p.pc.OnDataChannel(func(*webrtc.DataChannel) {}) // else pion closes them
}

func (p *page) say(to *member, e signaling.Envelope) {
	p.w.t.Helper()
	e.To = to.id
	if err := p.transport.Send(e); err != nil {
		p.w.t.Fatal(err)
	}
}

// describe sends a description.
func (p *page) describe(to *member, d webrtc.SessionDescription) {
	p.w.t.Helper()
	p.say(to, signaling.Envelope{Message: &negotiation.Message{Description: &d}})
}

// next returns the next message for which ok is true, and drops those before it.
func (p *page) next(what string, from *member, ok func(signaling.Envelope) bool) signaling.Envelope {
	p.w.t.Helper()
	var found *signaling.Envelope
	from.await("the page hears "+what, func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		for i, e := range p.heard {
			if ok(e) {
				found, p.heard = &e, p.heard[i+1:]
				return true
			}
		}
		return false
	})
	return *found
}

// offered returns the next offer.
func (p *page) offered(from *member) webrtc.SessionDescription {
	p.w.t.Helper()
	return *p.next("an offer", from, func(e signaling.Envelope) bool { return isOffer(e.Message) }).Message.Description
}

// answer answers the next offer, and returns how.
func (p *page) answer(to *member) webrtc.SessionDescription {
	p.w.t.Helper()
	if err := p.pc.SetRemoteDescription(p.offered(to)); err != nil {
		p.w.t.Fatal(err)
	}
	d, err := p.pc.CreateAnswer(nil)
	if err != nil {
		p.w.t.Fatal(err)
	}
	p.set(d)
	p.describe(to, *p.pc.LocalDescription())
	return *p.pc.LocalDescription()
}

// set sets a description of its own, and waits for all candidates.
func (p *page) set(d webrtc.SessionDescription) {
	p.w.t.Helper()
	gathered := webrtc.GatheringCompletePromise(p.pc)
	if err := p.pc.SetLocalDescription(d); err != nil {
		p.w.t.Fatal(err)
	}
	<-gathered
}

// count returns how often it has received what is counted.
func (p *page) count(counts func(signaling.Envelope) bool) (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.heard {
		if counts(e) {
			n++
		}
	}
	return n
}

func isRefusal(e signaling.Envelope) bool { return e.Refused != nil }

func waits(_ *member, c *Config) { c.Wait = true }

// A plain page that asks for an offer gets one, though we have nothing to offer ourselves.
func TestAPlainPageAsksForAnOffer(t *testing.T) {
	for _, role := range []wire.Role{wire.Polite, wire.Impolite} {
		t.Run(string(role), func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				a := w.peer("a", waits)
				p := w.page(role)
				p.say(a, signaling.Envelope{Request: wire.RequestOffer})
				p.answer(a)
				a.await("they are connected", func() bool { return a.count(trace.ChannelOpened) == 1 })
			})
		})
	}
}

// A plain page whose offers are refused is told, now and then. If it is polite it gets an
// offer instead, which it can answer.
func TestAPlainPageIsRefused(t *testing.T) {
	for _, role := range []wire.Role{wire.Polite, wire.Impolite} {
		t.Run(string(role), func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				a := w.peer("a", waits)
				p := w.page(role)
				bad := webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: "v=0\r\nwhat is this?\r\n" + strings.Repeat("a=x\r\n", 1000)}
				p.describe(a, bad)
				e := p.next("that it is refused", a, isRefusal)
				if e.Refused.Code != string(trace.NotSDP) || e.Refused.Message == "" || e.Session != "" {
					t.Errorf("it is told %+v", e.Refused)
				}
				if role == wire.Polite {
					p.answer(a)
					a.await("they are connected", func() bool { return a.count(trace.ChannelOpened) == 1 })
				}
				time.Sleep(time.Minute)
				const offers, lasts = 500, 5 * time.Second
				for range offers {
					p.describe(a, bad)
					time.Sleep(lasts / offers)
				}
				time.Sleep(time.Minute)
				if n, most := p.count(isRefusal), refusalsAhead+int(lasts/refusalsApart)+1; n < 1 || n > most || role == wire.Impolite && n < refusalsAhead {
					t.Errorf("of %d offers %d are refused in words", offers, n)
				}
				if n := p.count(func(e signaling.Envelope) bool { return isOffer(e.Message) }); n > maxInstead {
					t.Errorf("it gets %d offers instead", n)
				}
				if role == wire.Impolite && a.count(trace.OfferSending) > 0 {
					t.Error("it offers what would be ignored")
				}
				// What it is told itself it does not answer.
				said := p.count(func(signaling.Envelope) bool { return true })
				for range 10 {
					p.say(a, signaling.Envelope{Refused: &wire.Refused{Code: "no", Message: strings.Repeat("no", 10_000)}})
				}
				time.Sleep(time.Minute)
				if n := p.count(func(signaling.Envelope) bool { return true }); n != said || a.count(trace.RefusedThere) != 10 {
					t.Errorf("it says %d things to that, and traces %d", n-said, a.count(trace.RefusedThere))
				}
				for _, detail := range a.details(trace.RefusedThere) {
					if len(detail) > 1000 {
						t.Errorf("it traces %d bytes", len(detail))
					}
				}
			})
		})
	}
}

// A plain page that cannot restart ICE gets a new connection: one that does not answer, and
// one that answers with the credentials from before.
func TestAPlainPageThatCannotRestart(t *testing.T) {
	for name, row := range map[string]struct {
		says   trace.Kind
		within time.Duration
		reply  bool
	}{
		"it does not answer":     {trace.RestartLate, 12 * time.Second, false},
		"it does not restart it": {trace.RestartIgnored, 2 * time.Second, true},
	} {
		t.Run(name, func(t *testing.T) {
			for _, role := range []wire.Role{wire.Polite, wire.Impolite} {
				inWorld(t, func(t *testing.T, w *world) {
					a := w.peer("a")
					p := w.page(role)
					before := p.answer(a)
					a.await("they are connected", func() bool { return a.count(trace.ChannelOpened) == 1 })
					time.Sleep(time.Minute)
					begin := time.Now()
					a.peer.RestartICE()
					p.offered(a)
					if row.reply {
						p.describe(a, before)
					}
					a.await("it starts over", func() bool { return a.count(trace.StartingOver) == 1 })
					if took := time.Since(begin); took > row.within || a.count(row.says) != 1 {
						t.Errorf("after %v it starts over, having said %d times what is wrong:\n%s", took, a.count(row.says), a.log())
					}
					p.renew()
					p.answer(a)
					a.await("they are connected again", func() bool { return a.count(trace.ChannelOpened) == 2 })
				})
			}
		})
	}
}

// A restart with a proper answer has no further effect.
func TestAPlainPageRestarts(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a := w.peer("a")
		p := w.page(wire.Impolite)
		p.answer(a)
		a.await("they are connected", func() bool { return a.count(trace.ChannelOpened) == 1 })
		for range 3 {
			a.peer.RestartICE()
			p.answer(a)
			time.Sleep(time.Minute)
		}
		if a.count(trace.StartingOver) > 0 || a.count(trace.RestartIgnored) > 0 || a.count(trace.RestartLate) > 0 || a.count(trace.Restarting) != 3 {
			t.Errorf("it does more:\n%s", a.log())
		}
	})
}

// A plain page that calls with another connection, whatever became of the one before, is
// answered by a new connection; also in the second after the last call.
func TestAPlainPageCallsAgain(t *testing.T) {
	for _, role := range []wire.Role{wire.Polite, wire.Impolite} {
		t.Run(string(role), func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				a := w.peer("a", waits)
				p := w.page(role)
				for n := range 4 {
					if n > 0 {
						p.renew()
					}
					if _, err := p.pc.CreateDataChannel("page", nil); err != nil {
						t.Fatal(err)
					}
					offer, err := p.pc.CreateOffer(nil)
					if err != nil {
						t.Fatal(err)
					}
					p.set(offer)
					p.describe(a, *p.pc.LocalDescription())
					e := p.next("the answer", a, func(e signaling.Envelope) bool { return e.Message != nil && e.Message.Description != nil })
					if err := p.pc.SetRemoteDescription(*e.Message.Description); err != nil {
						t.Fatalf("call %d: %v", n, err)
					}
					a.await("they are connected", func() bool { return a.count(trace.ChannelOpened) == n+1 })
				}
				if a.count(trace.Paired) != 4 || a.count(trace.StartingOver) > 0 {
					t.Errorf("it does more:\n%s", a.log())
				}
			})
		})
	}
}

// A plain page that gave up a connection may answer with the next one: that is the one it
// has, though its last offer was the other's.
func TestAPlainPageAnswersWithAnotherConnection(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a := w.peer("a")
		p := w.page(wire.Polite)
		offer := func() {
			t.Helper()
			if _, err := p.pc.CreateDataChannel("page", nil); err != nil {
				t.Fatal(err)
			}
			d, err := p.pc.CreateOffer(nil)
			if err != nil {
				t.Fatal(err)
			}
			p.set(d)
			p.describe(a, *p.pc.LocalDescription())
		}
		ours := p.offered(a)
		offer()
		a.await("it is ignored", func() bool { return a.count(trace.CollisionIgnored) == 1 })
		p.renew()
		if err := p.pc.SetRemoteDescription(ours); err != nil {
			t.Fatal(err)
		}
		d, err := p.pc.CreateAnswer(nil)
		if err != nil {
			t.Fatal(err)
		}
		p.set(d)
		p.describe(a, *p.pc.LocalDescription())
		a.await("they are connected", func() bool { return a.count(trace.ChannelOpened) == 1 })
		offer()
		a.await("its offer is answered", func() bool { return a.count(trace.AnswerSending) == 1 })
		if a.count(trace.Paired) != 1 || a.count(trace.Unpaired) > 0 {
			t.Errorf("it takes it for another call:\n%s", a.log())
		}
	})
}
