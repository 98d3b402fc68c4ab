package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/peer"
	"perfect-negotiation/negotiation/trace"
	"perfect-negotiation/server/relay"
	"perfect-negotiation/server/site"
)

const patience = 20 * time.Second

// demoRoom is the room of the pages /polite and /impolite.
const demoRoom = "demo"

// world is a real server on loopback.
type world struct {
	t     *testing.T
	url   string
	relay *relay.Relay
	http  *http.Server
	ended chan struct{}

	ca            []byte                                                     // that native peers trust
	newConnection func(webrtc.Configuration) (*webrtc.PeerConnection, error) // of native peers; nil: their own
	configure     func(*relay.Config)                                        // before the server starts; nil: it is as always
	pages         string                                                     // directory of pages of others, at /pages/; empty: none
}

// worldAt is a world whose server somebody else has started.
func worldAt(t *testing.T, url string) *world {
	return &world{t: t, url: url, newConnection: peer.NewPeerConnection}
}

func newWorld(t *testing.T, options ...func(*world)) *world {
	t.Helper()
	w := worldAt(t, "")
	for _, option := range options {
		option(w)
	}
	w.serve(newListener(t))
	t.Cleanup(w.stop)
	return w
}

// start starts the server again where it was.
func (w *world) start(address string) {
	w.t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		w.t.Fatal(err)
	}
	w.serve(listener)
}

// lastPort is the one that newListener took last.
var lastPort atomic.Int32

// newListener listens at an address that stays free when the listener is closed, for a
// server to come back to: its port is none that Linux gives to outgoing connections, and
// no other test of this process gets it.
func newListener(t *testing.T) net.Listener {
	t.Helper()
	const first, end = 12_000, 32_000
	lastPort.CompareAndSwap(0, first+rand.Int32N(end-first)) // other processes begin elsewhere
	for range end - first {
		port := first + lastPort.Add(1)%(end-first)
		if listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			return listener
		}
	}
	t.Fatal("all ports are taken")
	return nil
}

func (w *world) serve(listener net.Listener) {
	w.url = "http://" + listener.Addr().String()
	// All that a test needs comes from one address, visitors that come and go as well.
	config := relay.Config{ConnectsPerAddress: 100_000, NewcomersPerRoom: 100_000}
	if w.configure != nil {
		w.configure(&config)
	}
	w.relay = relay.New(config)
	mux := http.NewServeMux()
	mux.Handle("/w3c/", http.StripPrefix("/w3c/", http.FileServer(http.Dir("testdata"))))
	if w.pages != "" {
		mux.Handle("/pages/", http.StripPrefix("/pages/", http.FileServer(http.Dir(w.pages))))
	}
	mux.Handle("/", site.Handler(w.relay))
	server, ended := &http.Server{Handler: mux, ReadHeaderTimeout: patience}, make(chan struct{})
	w.http, w.ended = server, ended
	go func() {
		defer close(ended)
		_ = server.Serve(listener)
	}()
}

func (w *world) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := w.relay.Shutdown(ctx); err != nil {
		w.t.Error("relay:", err)
	}
	_ = w.http.Close()
	<-w.ended
}

// participant is a tab or a native peer.
type participant interface {
	connect()
	renegotiate()
	say(lines ...string)
	count(kind trace.Kind) int
	received() []string
	surfaced() []string // what people are told that is not as it should be
	log() string
}

func await(t *testing.T, what string, ok func() bool, who ...participant) {
	t.Helper()
	within(t, patience, what, ok, who...)
}

// within waits until ok, for as long as that may take; without an event to wait
// for across two processes it asks, and the longer it has waited the less often, as
// each question takes time from what it waits for.
func within(t *testing.T, limit time.Duration, what string, ok func() bool, who ...participant) {
	t.Helper()
	begin := time.Now()
	for !ok() {
		waited := time.Since(begin)
		if waited > limit {
			for i, p := range who {
				t.Logf("participant %d:\n%s", i, p.log())
			}
			t.Fatalf("not in %s: %s", limit, what)
		}
		time.Sleep(min(25*time.Millisecond+waited/10, 250*time.Millisecond))
	}
}
