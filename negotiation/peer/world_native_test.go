//go:build !js

package peer

import (
	"context"
	"errors"
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

	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/local"
	"perfect-negotiation/negotiation/trace"
)

// world is a relay and a network in memory. Time passes as soon as all peers and
// all of pion wait.
type world struct {
	t      *testing.T
	router *vnet.Router
	down   atomic.Bool // the network carries nothing

	mu      sync.Mutex
	room    *local.Room
	members []*member
	pass    func(from, to string, e *signaling.Envelope) bool // reports whether a message is passed on; nil: all are
}

// inWorld runs f in a bubble of its own.
func inWorld(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		router, err := vnet.NewRouter(&vnet.RouterConfig{
			CIDR: "10.0.0.0/24",
			// pion holds a mutex while it waits for its last packets to be sent. If
			// those of the other side came meanwhile, time would stand still.
			MinDelay:      20 * time.Millisecond,
			LoggerFactory: logging.NewDefaultLoggerFactory(),
		})
		if err != nil {
			t.Fatal(err)
		}
		w := &world{t: t, router: router, room: new(local.Room)}
		router.AddChunkFilter(func(vnet.Chunk) bool { return !w.down.Load() })
		if err := router.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = router.Stop() })
		f(t, w)
	})
}

// member is a Peer, and its transport between it and the room.
type member struct {
	w       *world
	id      string
	peer    *Peer
	network *vnet.Net
	options signaling.Options
	handler signaling.Handler
	done    chan struct{}

	transport signaling.Transport // in the room, guarded by the world's mutex; nil: offline

	mu     sync.Mutex
	events []trace.Event
	hooks  map[trace.Kind]func() // called on the Peer's goroutine
}

// peer has a peer with this id join. Of two, the one with the smaller id is polite.
func (w *world) peer(id string, options ...func(*member, *Config)) *member {
	w.t.Helper()
	m := &member{w: w, id: id, done: make(chan struct{}), hooks: map[trace.Kind]func(){}}
	w.members = append(w.members, m)
	config := Config{
		Options:           signaling.Options{Room: "room", Rank: new(RankNative)},
		Trace:             m.traced,
		Dial:              m.dial,
		NewPeerConnection: m.newPeerConnection,
	}
	for _, option := range options {
		option(m, &config)
	}
	var err error
	if m.network, err = vnet.NewNet(&vnet.NetConfig{}); err != nil {
		w.t.Fatal(err)
	}
	if err := w.router.AddNet(m.network); err != nil {
		w.t.Fatal(err)
	}
	if m.peer, err = Join(w.t.Context(), config); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		m.peer.Close()
		<-m.peer.Done()
	})
	synctest.Wait() // it is welcome
	return m
}

func (m *member) newPeerConnection(c webrtc.Configuration) (*webrtc.PeerConnection, error) {
	engine := webrtc.SettingEngine{}
	engine.SetNet(m.network)
	// pion holds a mutex, too, while it closes a connection because the other side
	// did, and waits 200 ms for it in vain. If another needs it, time would stand still.
	engine.DisableCloseByDTLS(true)
	engine.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	return webrtc.NewAPI(webrtc.WithSettingEngine(engine)).NewPeerConnection(c)
}

func (m *member) traced(e trace.Event) {
	m.mu.Lock()
	m.events = append(m.events, e)
	hook := m.hooks[e.Kind]
	m.mu.Unlock()
	if hook != nil {
		hook()
	}
}

// onTrace calls f at each event of a kind, while the Peer waits.
func (m *member) onTrace(kind trace.Kind, f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hooks[kind] = f
}

// dial implements [signaling.Dialer].
func (m *member) dial(_ context.Context, o signaling.Options, h signaling.Handler) (signaling.Transport, error) {
	m.options, m.handler = o, h
	m.online()
	return m, nil
}

// online connects it to the relay, which tells the others.
func (m *member) online() {
	m.w.mu.Lock()
	defer m.w.mu.Unlock()
	handler, err := m.handler, error(nil)
	handler.Received = func(e signaling.Envelope) {
		if m.isOnline() {
			m.handler.Received(e)
		}
	}
	if m.transport, err = m.w.room.Dialer(m.id)(context.Background(), m.options, handler); err != nil {
		m.w.t.Fatal(err)
	}
}

func (m *member) isOnline() bool {
	m.w.mu.Lock()
	defer m.w.mu.Unlock()
	return m.transport != nil
}

// noRelay disconnects all from the relay, which tells nobody of it.
func (w *world) noRelay() {
	var transports []signaling.Transport
	w.mu.Lock()
	for _, m := range w.members {
		transports = append(transports, m.transport)
		m.transport = nil
	}
	w.mu.Unlock()
	for i, m := range w.members {
		transports[i].Close()
		m.disconnected()
	}
}

// offline has the relay lose it.
func (m *member) offline() {
	m.leave()
	m.disconnected()
}

func (m *member) disconnected() { m.handler.Disconnected(errors.New("cut"), time.Second, false) }

// leave has the relay tell the others that it is gone.
func (m *member) leave() {
	m.w.mu.Lock()
	transport := m.transport
	m.transport = nil
	m.w.mu.Unlock()
	if transport != nil {
		transport.Close()
		<-transport.Done()
	}
}

// Send implements [signaling.Transport].
func (m *member) Send(e signaling.Envelope) error {
	m.w.mu.Lock()
	defer m.w.mu.Unlock()
	if m.transport == nil {
		return signaling.ErrNotConnected
	}
	if m.w.pass != nil {
		frame, err := e.MarshalJSON()
		if err != nil {
			return err
		}
		if err := e.UnmarshalJSON(frame); err != nil { // a copy, for it may be changed
			return err
		}
		if !m.w.pass(m.id, e.To, &e) {
			return nil
		}
	}
	return m.transport.Send(e)
}

// Check implements [signaling.Transport].
func (m *member) Check() {}

// Close implements [signaling.Transport].
func (m *member) Close() {
	m.leave()
	close(m.done)
}

// Done implements [signaling.Transport].
func (m *member) Done() <-chan struct{} { return m.done }

// on makes f see each message and report whether the relay passes it on.
func (w *world) on(f func(from, to string, e *signaling.Envelope) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pass = f
}

func (m *member) count(kind trace.Kind) int { return len(m.times(kind)) }

// times returns the times of the events of a kind.
func (m *member) times(kind trace.Kind) []time.Time {
	return each(m, kind, func(e trace.Event) time.Time { return e.Time })
}

// details returns the details of the events of a kind.
func (m *member) details(kind trace.Kind) []string {
	return each(m, kind, func(e trace.Event) string { return e.Detail })
}

// codes returns the codes of the events of a kind.
func (m *member) codes(kind trace.Kind) []trace.Code {
	return each(m, kind, func(e trace.Event) trace.Code { return e.Code })
}

// each returns what value returns for each event of a kind.
func each[V any](m *member, kind trace.Kind, value func(trace.Event) V) (list []V) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.events {
		if e.Kind == kind {
			list = append(list, value(e))
		}
	}
	return list
}

// await waits until ok, for hours if need be.
func (m *member) await(what string, ok func() bool) {
	m.w.t.Helper()
	for deadline := time.Now().Add(time.Hour); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			m.w.t.Fatalf("never: %s\n%s", what, m.log())
		}
	}
}

func (m *member) log() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var b strings.Builder
	for _, e := range m.events {
		b.WriteString(e.Time.Format("04:05.000 ") + e.String() + "\n")
	}
	return b.String()
}

// connected makes two peers whose channels are open: first the polite one.
func (w *world) connected(options ...func(*member, *Config)) (polite, impolite *member) {
	w.t.Helper()
	polite, impolite = w.peer("a", options...), w.peer("b", options...)
	for _, m := range []*member{polite, impolite} {
		m.await("two channels are open", func() bool { return m.count(trace.ChannelOpened) == 2 })
	}
	return polite, impolite
}

// talk checks that chat goes both ways.
func (w *world) talk(a, b *member) {
	w.t.Helper()
	for _, row := range []struct{ from, to *member }{{a, b}, {b, a}} {
		heard := row.to.count(trace.ChatReceived)
		if err := row.from.peer.Say("", "hello"); err != nil {
			w.t.Fatalf("%s cannot chat: %v\n%s\n%s", row.from.id, err, a.log(), b.log())
		}
		row.to.await("it hears it", func() bool { return row.to.count(trace.ChatReceived) > heard })
	}
}
