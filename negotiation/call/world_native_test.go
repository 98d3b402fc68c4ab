//go:build !js

package call

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/logging"
	"github.com/pion/transport/v5/vnet"
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/trace"
)

// world is two parties, a network in memory, and signalling that loses, repeats and
// reorders. Time passes as soon as all of it waits.
type world struct {
	t      *testing.T
	router *vnet.Router
	down   atomic.Bool // the network carries nothing
	worse  atomic.Bool // signalling is bad
	parted atomic.Bool // signalling carries nothing

	mu      sync.Mutex
	random  *rand.Rand
	parties [2]*party // guarded by mu; polite, impolite
}

// party is one side of a call, one life of it.
type party struct {
	w       *world
	role    negotiation.Role
	network *vnet.Net
	call    *Call

	mu     sync.Mutex
	events []trace.Event
	heard  []string
	pc     *webrtc.PeerConnection // the last
	opened []*webrtc.DataChannel  // those of pc that are open
}

func inWorld(t *testing.T, f func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		router, err := vnet.NewRouter(&vnet.RouterConfig{CIDR: "10.0.0.0/24", MinDelay: 20 * time.Millisecond, LoggerFactory: logging.NewDefaultLoggerFactory()})
		if err != nil {
			t.Fatal(err)
		}
		w := &world{t: t, router: router, random: rand.New(rand.NewPCG(1, 2))}
		router.AddChunkFilter(func(vnet.Chunk) bool { return !w.down.Load() })
		if err := router.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = router.Stop() })
		f(w)
	})
}

// begin begins a call, in place of the party that had the role before.
func (w *world) begin(role negotiation.Role, options ...Option) *party {
	w.t.Helper()
	p := &party{w: w, role: role}
	var err error
	if p.network, err = vnet.NewNet(&vnet.NetConfig{}); err != nil {
		w.t.Fatal(err)
	}
	if err := w.router.AddNet(p.network); err != nil {
		w.t.Fatal(err)
	}
	to := 0
	if role == negotiation.Polite {
		to = 1
	}
	p.call, err = New(role, p.connect, func(frame []byte) error { w.carry(to, frame); return nil }, append(options, WithTrace(p.traced))...)
	if err != nil {
		w.t.Fatal(err)
	}
	w.mu.Lock()
	w.parties[1-to] = p
	w.mu.Unlock()
	w.t.Cleanup(p.close)
	return p
}

func (p *party) close() {
	p.call.Close()
	<-p.call.Done()
}

// carry carries a frame to whoever is there when it arrives. Of bad signalling it takes
// up to half a second.
func (w *world) carry(to int, frame []byte) {
	if w.parted.Load() {
		return
	}
	copies, delay := 1, func() time.Duration { return 20 * time.Millisecond }
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.worse.Load() {
		delay = func() time.Duration { return time.Duration(w.random.Int64N(int64(500 * time.Millisecond))) }
		switch n := w.random.IntN(10); {
		case n < 2:
			copies = 0
		case n < 4:
			copies = 2
		}
	}
	for range copies {
		time.AfterFunc(delay(), func() {
			w.mu.Lock()
			p := w.parties[to]
			w.mu.Unlock()
			if p != nil {
				p.call.Receive(frame)
			}
		})
	}
}

// connect makes a connection with a channel of its own.
func (p *party) connect() (*webrtc.PeerConnection, error) {
	engine := webrtc.SettingEngine{}
	engine.SetNet(p.network)
	engine.DisableCloseByDTLS(true)
	engine.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(engine)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	p.pc, p.opened = pc, nil
	p.mu.Unlock()
	pc.OnDataChannel(func(dc *webrtc.DataChannel) { p.use(pc, dc) })
	own, err := pc.CreateDataChannel(string(p.role), nil)
	if err == nil {
		p.use(pc, own)
	}
	return pc, err
}

func (p *party) use(pc *webrtc.PeerConnection, dc *webrtc.DataChannel) {
	dc.OnOpen(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.pc == pc {
			p.opened = append(p.opened, dc)
		}
	})
	dc.OnClose(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.opened = slices.DeleteFunc(p.opened, func(other *webrtc.DataChannel) bool { return other == dc })
	})
	dc.OnMessage(func(m webrtc.DataChannelMessage) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.heard = append(p.heard, string(m.Data))
	})
}

func (p *party) traced(e trace.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.events = append(p.events, e)
}

func (p *party) count(kind trace.Kind) (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.events {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

func (p *party) log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var b strings.Builder
	for _, e := range p.events {
		b.WriteString(e.Time.Format("04:05.000 ") + e.String() + "\n")
	}
	return b.String()
}

// await waits until ok, for hours if need be.
func (p *party) await(what string, ok func() bool) {
	p.w.t.Helper()
	for deadline := time.Now().Add(time.Hour); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.w.t.Fatalf("%s, never: %s\n%s", p.role, what, p.log())
		}
	}
}

// talk waits until two channels are open between the two, and carry messages both ways.
func (w *world) talk(a, b *party) {
	w.t.Helper()
	for i, row := range []struct{ from, to *party }{{a, b}, {b, a}} {
		text := fmt.Sprint(time.Now(), i)
		row.to.await("it hears the other", func() bool {
			row.from.say(text) // into the void while its connection is one with a former life
			row.to.mu.Lock()
			defer row.to.mu.Unlock()
			return len(row.to.opened) == 2 && slices.Contains(row.to.heard, text)
		})
	}
}

func (p *party) say(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, dc := range p.opened {
		_ = dc.SendText(text)
	}
}
