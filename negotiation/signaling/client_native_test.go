//go:build !js

package signaling_test

import (
	"context"
	"errors"
	"net"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/server/relay"
)

const patience = 20 * time.Second

// cuttable is a listener whose connections can be cut.
type cuttable struct {
	net.Listener
	mu    sync.Mutex
	conns []net.Conn
}

func (l *cuttable) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		l.mu.Lock()
		l.conns = append(l.conns, c)
		l.mu.Unlock()
	}
	return c, err
}

func (l *cuttable) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.conns {
		_ = c.Close()
	}
	l.conns = nil
}

func serve(t *testing.T, config relay.Config) (url string, l *cuttable) {
	t.Helper()
	r := relay.New(config)
	s := httptest.NewUnstartedServer(r)
	l = &cuttable{Listener: s.Listener}
	s.Listener = l
	s.Start()
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = r.Shutdown(ctx)
		s.Close()
	})
	return s.URL, l
}

// told is an event of a client: an envelope, or the reason for a disconnection.
type told struct {
	envelope signaling.Envelope
	err      error
	final    bool
}

// connect returns a client and its events. lost, if not nil, is called after each
// disconnection, before the client reconnects.
func connect(t *testing.T, o signaling.Options, lost func()) (*signaling.Client, <-chan told) {
	t.Helper()
	news := make(chan told, 1000)
	c, err := signaling.Connect(t.Context(), o, signaling.Handler{
		Connected: func() {},
		Received:  func(e signaling.Envelope) { news <- told{envelope: e} },
		Disconnected: func(err error, _ time.Duration, final bool) {
			if lost != nil {
				lost()
			}
			news <- told{err: err, final: final}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Close()
		<-c.Done()
	})
	return c, news
}

func await(t *testing.T, what string, news <-chan told, ok func(told) bool) told {
	t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case n := <-news:
			if ok(n) {
				return n
			}
		case <-deadline:
			t.Fatalf("not in %s: %s", patience, what)
		}
	}
}

func isError(err error, code string) bool {
	var e *wire.Error
	return errors.As(err, &e) && e.Code == code
}

func welcomed(n told) bool { return n.envelope.Welcome != nil }

// A client that was in the room gets in again once there is a place.
func TestTheRoomIsFullOnReturn(t *testing.T) {
	for code, c := range map[string]struct {
		config relay.Config
		role   wire.Role
	}{
		wire.CodeRoomFull:  {relay.Config{PeersPerRoom: 1}, ""},
		wire.CodeRoleTaken: {relay.Config{}, wire.Polite},
	} {
		t.Run(code, func(t *testing.T) {
			url, l := serve(t, c.config)
			options := signaling.Options{Server: url, Room: "r", Role: c.role}
			var other *signaling.Client
			var once sync.Once
			_, news := connect(t, options, func() {
				once.Do(func() { // another client is faster
					for seated := false; !seated; {
						var others <-chan told
						other, others = connect(t, options, nil)
						seated = welcomed(await(t, "the relay answers", others, func(told) bool { return true }))
					}
				})
			})
			await(t, "it is in", news, welcomed)
			l.cut()
			refused := await(t, "it is refused", news, func(n told) bool { return isError(n.err, code) })
			if refused.final {
				t.Fatal("it does not try again")
			}
			other.Close()
			await(t, "it is in again", news, welcomed)
		})
	}
}

// A client that was never in the room is told so, and does not try again.
func TestTheRoomIsFull(t *testing.T) {
	url, _ := serve(t, relay.Config{PeersPerRoom: 1})
	options := signaling.Options{Server: url, Room: "r"}
	_, first := connect(t, options, nil)
	await(t, "the first is in", first, welcomed)
	_, second := connect(t, options, nil)
	if n := await(t, "the second is told", second, func(n told) bool { return n.err != nil }); !n.final || !isError(n.err, wire.CodeRoomFull) {
		t.Errorf("it is told %+v", n)
	}
}

// Check abandons a dial that waits for a network that is gone.
func TestCheckWhileDialling(t *testing.T) {
	t.Parallel() // it waits
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	dials := make(chan time.Time, 100)
	go func() {
		for {
			conn, err := silent.Accept()
			if err != nil {
				return
			}
			dials <- time.Now()
			t.Cleanup(func() { _ = conn.Close() })
		}
	}()
	c, _ := connect(t, signaling.Options{Server: "http://" + silent.Addr().String(), Room: "r"}, nil)
	times := []time.Time{<-dials}
	for range 2 {
		for range 100 {
			c.Check()
		}
		times = append(times, <-dials)
	}
	if took := times[2].Sub(times[0]); took > 8*time.Second { // a dial has 10 s
		t.Errorf("three dials took %s", took)
	}
}
