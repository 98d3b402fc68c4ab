package e2e

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/peer"
	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/trace"
)

// native is a native peer in this process.
type native struct {
	t *testing.T
	p *peer.Peer

	mu     sync.Mutex
	events map[trace.Kind]int
	chat   []string
	bad    []string
	lines  []string
	role   string
	opened int // channels since it was paired last
	all    []trace.Event

	connections []*webrtc.PeerConnection
}

func (w *world) native(room, role string, auto bool, onTrack ...func(*peer.Peer, string, peer.RemoteTrack)) *native {
	w.t.Helper()
	n := &native{t: w.t, events: map[trace.Kind]int{}}
	onTrack = append(onTrack, nil)
	config := peer.Config{
		OnTrack: onTrack[0],
		Options: signaling.Options{Server: w.url, Room: room, Role: negotiation.Role(role), CA: w.ca},
		Wait:    !auto,
		Verbose: true,
		Trace:   n.trace,
	}
	if w.newConnection != nil {
		config.NewPeerConnection = func(c webrtc.Configuration) (*webrtc.PeerConnection, error) {
			pc, err := w.newConnection(c)
			n.mu.Lock()
			defer n.mu.Unlock()
			n.connections = append(n.connections, pc)
			return pc, err
		}
	}
	p, err := peer.Join(context.Background(), config)
	if err != nil {
		w.t.Fatal(err)
	}
	n.p = p
	w.t.Cleanup(n.close)
	n.await("it is in the room", func() bool { return n.count(trace.RoomJoined) > 0 })
	return n
}

func (n *native) close() {
	n.p.Close()
	<-n.p.Done()
}

func (n *native) trace(e trace.Event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.events[e.Kind]++
	n.all = append(n.all, e)
	if e.Kind != trace.ChatNotSent {
		n.lines = append(n.lines, e.Time.Format("05.000 ")+e.String())
	}
	switch level := e.Level(); {
	case e.Kind == trace.ChatReceived:
		n.chat = append(n.chat, e.Detail)
	case e.Kind == trace.Paired:
		n.role, n.opened = string(e.Role), 0
	case e.Kind == trace.ChannelOpened:
		n.opened++
	case level == trace.LevelWarn || level == trace.LevelError:
		n.bad = append(n.bad, e.String())
	}
}

func (n *native) connect()     { n.p.Connect() }
func (n *native) renegotiate() { n.p.Renegotiate() }

func (n *native) say(lines ...string) {
	for _, line := range lines {
		if err := n.p.Say("", line); err != nil {
			n.t.Errorf("say %q: %v", line, err)
		}
	}
}

func (n *native) count(kind trace.Kind) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.events[kind]
}

// complete reports whether both data channels of the last pairing are open.
func (n *native) complete() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.opened == 2
}

func (n *native) received() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]string(nil), n.chat...)
}

func (n *native) surfaced() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]string(nil), n.bad...)
}

// trail returns the trace so far.
func (n *native) trail() []trace.Event {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]trace.Event(nil), n.all...)
}

func (n *native) log() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Join(n.lines[max(0, len(n.lines)-60):], "\n")
}

func (n *native) await(what string, ok func() bool) { n.t.Helper(); await(n.t, what, ok, n) }
