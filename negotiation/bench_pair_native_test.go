//go:build !js

package negotiation_test

import (
	"net"
	"sync"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
)

// benchLimit bounds each wait of a benchmark.
const benchLimit = 20 * time.Second

// loopback is pion on loopback alone.
var loopback = sync.OnceValue(func() *webrtc.API {
	engine := webrtc.SettingEngine{}
	engine.SetIncludeLoopbackCandidate(true)
	engine.SetIPFilter(net.IP.IsLoopback)
	media := &webrtc.MediaEngine{}
	if err := media.RegisterDefaultCodecs(); err != nil {
		panic(err)
	}
	return webrtc.NewAPI(webrtc.WithSettingEngine(engine), webrtc.WithMediaEngine(media))
})

// end is one side of a connection that a benchmark makes.
type end struct {
	b    *testing.B
	pc   *webrtc.PeerConnection
	s    *negotiation.Session // nil: plain pion
	open chan struct{}        // the data channel is open here

	described chan struct{} // plain pion: there is a remote description
}

func newEnd(b *testing.B, configuration webrtc.Configuration) *end {
	b.Helper()
	pc, err := loopback().NewPeerConnection(configuration)
	if err != nil {
		b.Fatal(err)
	}
	e := &end{b: b, pc: pc, open: make(chan struct{}), described: make(chan struct{})}
	pc.OnDataChannel(e.use)
	return e
}

func (e *end) use(dc *webrtc.DataChannel) { dc.OnOpen(func() { close(e.open) }) }

// add makes the end want a data channel, and with media to send sound and a picture.
func (e *end) add(media bool) error {
	if media {
		for _, mime := range []string{webrtc.MimeTypeOpus, webrtc.MimeTypeVP8} {
			track, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: mime}, mime, "bench")
			if err != nil {
				return err
			}
			if _, err := e.pc.AddTrack(track); err != nil {
				return err
			}
		}
	}
	dc, err := e.pc.CreateDataChannel("bench", nil)
	if err == nil {
		e.use(dc)
	}
	return err
}

// attach is the only place where a benchmark makes a Session.
func (e *end) attach(polite bool, send func(negotiation.Message)) {
	e.b.Helper()
	role := negotiation.Impolite
	if polite {
		role = negotiation.Polite
	}
	s, err := negotiation.Attach(e.pc, role, func(m negotiation.Message) error { send(m); return nil })
	if err != nil {
		e.b.Fatal(err)
	}
	e.s = s
}

func (e *end) close() {
	e.b.Helper()
	if e.s != nil {
		e.s.Close()
		<-e.s.Done()
	}
	if err := e.pc.Close(); err != nil {
		e.b.Error(err)
	}
}

// duo is two ends of one connection, both in this process.
type duo struct{ polite, impolite *end }

func (p duo) close() {
	p.polite.close()
	p.impolite.close()
}

// opened waits until the data channel is open on both sides.
func (p duo) opened() {
	b := p.polite.b
	b.Helper()
	limit := time.NewTimer(benchLimit)
	defer limit.Stop()
	for _, e := range []*end{p.polite, p.impolite} {
		select {
		case <-e.open:
		case <-limit.C:
			b.Fatal("the data channel does not open")
		}
	}
}

// sessions connects two Sessions. The impolite one makes the offer.
func sessions(b *testing.B, media bool) duo {
	b.Helper()
	p := duo{newEnd(b, negotiation.PoliteConfiguration(webrtc.Configuration{})), newEnd(b, webrtc.Configuration{})}
	to := func(e *end) func(negotiation.Message) {
		return func(m negotiation.Message) {
			if err := e.s.Receive(m); err != nil {
				b.Error(err)
			}
		}
	}
	// Neither wants anything yet: nothing is sent before both are there.
	p.polite.attach(true, to(p.impolite))
	p.impolite.attach(false, to(p.polite))
	if err := p.impolite.s.Do(func() error { return p.impolite.add(media) }); err != nil {
		b.Fatal(err)
	}
	p.opened()
	return p
}

// plain connects two PeerConnections as a program without collisions does. Here the
// names of the sides say nothing: the impolite one makes all offers.
func plain(b *testing.B, media bool) duo {
	b.Helper()
	p := duo{newEnd(b, webrtc.Configuration{}), newEnd(b, webrtc.Configuration{})}
	trickle(p.impolite, p.polite)
	trickle(p.polite, p.impolite)
	if err := p.impolite.add(media); err != nil {
		b.Fatal(err)
	}
	if err := exchange(p.impolite.pc, p.polite.pc); err != nil {
		b.Fatal(err)
	}
	close(p.impolite.described)
	close(p.polite.described)
	p.opened()
	return p
}

// trickle hands on candidates, those that come before the description after it.
func trickle(from, to *end) {
	from.pc.OnICECandidate(func(c *webrtc.ICECandidate) {
		if c == nil {
			return
		}
		<-to.described
		if err := to.pc.AddICECandidate(c.ToJSON()); err != nil {
			from.b.Error(err)
		}
	})
}

// exchange negotiates once, without a Session.
func exchange(offerer, answerer *webrtc.PeerConnection) error {
	offer, err := offerer.CreateOffer(nil)
	if err != nil {
		return err
	}
	if err := offerer.SetLocalDescription(offer); err != nil {
		return err
	}
	if err := answerer.SetRemoteDescription(offer); err != nil {
		return err
	}
	answer, err := answerer.CreateAnswer(nil)
	if err != nil {
		return err
	}
	if err := answerer.SetLocalDescription(answer); err != nil {
		return err
	}
	return offerer.SetRemoteDescription(answer)
}
