package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/peer"
	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/trace"
)

// caller is a plain page, written in Go: it calls a native peer, with a new PeerConnection
// each time.
type caller struct {
	t             *testing.T
	ws            *websocket.Conn
	configuration webrtc.Configuration
}

func newCaller(t *testing.T, w *world, room, role string) *caller {
	t.Helper()
	ws, _, err := websocket.DefaultDialer.Dial(strings.Replace(w.url, "http", "ws", 1)+"/ws?room="+room+"&role="+role, http.Header{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ws.Close() })
	return &caller{t: t, ws: ws}
}

// call offers a data channel, has meanwhile done, and waits until it is open.
func (c *caller) call(meanwhile func()) *webrtc.PeerConnection {
	c.t.Helper()
	pc, err := peer.NewPeerConnection(c.configuration)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = pc.Close() })
	dc, err := pc.CreateDataChannel("call", nil)
	if err != nil {
		c.t.Fatal(err)
	}
	open := make(chan struct{})
	dc.OnOpen(func() { close(open) })
	offer, err := pc.CreateOffer(nil)
	if err != nil {
		c.t.Fatal(err)
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(offer); err != nil {
		c.t.Fatal(err)
	}
	<-gathered
	if err := c.ws.WriteJSON(signaling.Envelope{Message: &negotiation.Message{Description: pc.LocalDescription()}}); err != nil {
		c.t.Fatal(err)
	}
	meanwhile()
	if err := c.ws.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		c.t.Fatal(err)
	}
	for {
		var e signaling.Envelope
		if err := c.ws.ReadJSON(&e); err != nil {
			c.t.Fatalf("no answer: %v", err)
		}
		if e.Message != nil && e.Message.Description != nil && e.Message.Description.Type == webrtc.SDPTypeAnswer {
			if err := pc.SetRemoteDescription(*e.Message.Description); err != nil {
				c.t.Fatal(err)
			}
			<-open
			return pc
		}
	}
}

// TestCallsAgain has a plain page hang up and call again over the same WebSocket, three
// times: whether our side hears of the end of a call before the next offer, after it or
// never. If all calls have the same certificate, the end of DTLS tells, or of SCTP alone.
func TestCallsAgain(t *testing.T) {
	t.Parallel()
	for _, role := range []string{"polite", "impolite"} {
		for _, order := range []string{"before", "after", "never"} {
			t.Run(role+", "+order, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				callsAgain(t, newCaller(t, w, "calls", role), w.native("calls", "", false), order)
			})
		}
		t.Run(role+", before, with one certificate", func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			callsAgain(t, newCaller(t, w, "calls", role).withOneCertificate(), w.native("calls", "", false), "before")
		})
		for _, order := range []string{"before", "aborts"} {
			t.Run(role+", "+order+", with one certificate, a tab", func(t *testing.T) {
				t.Parallel()
				if !*long {
					t.Skip("only with -long: sometimes, on a busy machine, a tab does not notice that DTLS has ended")
				}
				w := newWorld(t)
				tab := w.tab(map[string]string{"polite": "/impolite", "impolite": "/polite"}[role])
				callsAgain(t, newCaller(t, w, demoRoom, role).withOneCertificate(), tab, order)
			})
		}
	}
}

func (c *caller) withOneCertificate() *caller {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		c.t.Fatal(err)
	}
	certificate, err := webrtc.GenerateCertificate(key)
	if err != nil {
		c.t.Fatal(err)
	}
	c.configuration.Certificates = []webrtc.Certificate{*certificate}
	return c
}

func callsAgain(t *testing.T, c *caller, victim participant, order string) {
	const calls = 3
	defer func() {
		if t.Failed() {
			t.Logf("it tells:\n%s", victim.log())
		}
	}()
	await(t, "they have met", func() bool { return victim.count(trace.Paired) == 1 }, victim)
	pc := c.call(func() {})
	for n := range calls {
		opened := victim.count(trace.ChannelOpened)
		last := pc
		switch order {
		case "aborts":
			closed := victim.count(trace.ChannelClosed)
			if err := last.SCTP().Stop(); err != nil {
				t.Fatal(err)
			}
			await(t, "the channel is closed", func() bool { return victim.count(trace.ChannelClosed) > closed }, victim)
		case "before":
			_ = last.Close()
			await(t, "the pairing ends at once", func() bool { return victim.count(trace.Unpaired) == n+1 }, victim)
		}
		pc = c.call(func() {
			if order == "after" {
				_ = last.Close()
			}
		})
		await(t, "its channel is open", func() bool { return victim.count(trace.ChannelOpened) > opened }, victim)
	}
	if victim.count(trace.Paired) != calls+1 || victim.count(trace.StartingOver) > 0 {
		t.Error("it does more")
	}
}
