//go:build !js

package call_test

import (
	"context"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/call"
	"perfect-negotiation/negotiation/peer"
	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/local"
)

// A Call understands a peer that is alone with it in a room.
func TestWithPeer(t *testing.T) {
	var room local.Room
	said := make(chan string, 1)
	p, err := peer.Join(t.Context(), peer.Config{
		Options:   signaling.Options{Room: "inn", Role: negotiation.Impolite},
		Dial:      room.Dialer("peer"),
		OnMessage: func(_ *peer.Peer, _ string, m peer.Message) { said <- m.String() },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		p.Close()
		<-p.Done()
	}()

	frames := make(chan []byte, 64)
	transport, err := room.Dialer("call")(context.Background(), signaling.Options{Room: "inn", Role: negotiation.Polite, Rank: new(1)}, signaling.Handler{
		Connected: func() {},
		Received: func(e signaling.Envelope) {
			if frame, err := e.MarshalJSON(); err == nil && e.From != "" {
				frames <- frame
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	connect := func() (*webrtc.PeerConnection, error) {
		pc, err := webrtc.NewPeerConnection(webrtc.Configuration{})
		if err == nil {
			pc.OnDataChannel(func(dc *webrtc.DataChannel) {
				dc.OnOpen(func() { _ = dc.SendText("hello") })
			})
		}
		return pc, err
	}
	c, err := call.New(negotiation.Polite, connect, func(frame []byte) error {
		var e signaling.Envelope
		if err := e.UnmarshalJSON(frame); err != nil {
			return err
		}
		return transport.Send(e)
	})
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for frame := range frames {
			c.Receive(frame)
		}
	}()
	select {
	case text := <-said:
		if text != "hello" {
			t.Errorf("it hears %q", text)
		}
	case <-time.After(20 * time.Second):
		t.Error("it hears nothing")
	}
	c.Close()
	<-c.Done()
	transport.Close()
	<-transport.Done()
	close(frames)
}
