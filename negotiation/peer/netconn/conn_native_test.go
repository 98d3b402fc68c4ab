//go:build !js

package netconn_test

import (
	"context"
	"fmt"
	"net"
	"testing"

	"github.com/pion/webrtc/v4"
	"golang.org/x/net/nettest"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/peer"
	"perfect-negotiation/negotiation/peer/netconn"
	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/local"
)

// A channel does all that a net.Conn does.
func TestConn(t *testing.T) {
	var room local.Room
	came, taken := make(chan *peer.Peer, 1), make(chan *peer.Channel)
	join := func(name string, change func(*peer.Config)) *peer.Peer {
		c := peer.Config{
			Options:    signaling.Options{Room: "room"},
			Dial:       room.Dialer(name),
			Candidates: negotiation.CandidateRules{Loopback: true},
		}
		change(&c)
		p, err := peer.Join(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			p.Close()
			<-p.Done()
		})
		return p
	}
	join("b", func(c *peer.Config) {
		c.OnChannel = peer.ChannelFunc(func(_ *peer.Peer, _ string, c *peer.Channel) { taken <- c })
	})
	join("a", func(c *peer.Config) { c.OnConnect = func(p *peer.Peer, _ string) { came <- p } })
	a := <-came
	nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
		ac, err := a.Open(context.Background(), "b", "stream", nil)
		if err != nil {
			return nil, nil, nil, err
		}
		bc := <-taken
		if c1, err = netconn.New(ac); err != nil {
			return nil, nil, nil, err
		}
		c2, err = netconn.New(bc)
		return c1, c2, func() {
			_ = c1.Close()
			_ = c2.Close()
		}, err
	})
	c, err := a.Open(t.Context(), "b", "stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	<-taken
	stream, err := netconn.New(c)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%v %v %s", stream.LocalAddr(), stream.RemoteAddr(), stream.RemoteAddr().Network()); got != "a b webrtc" {
		t.Error(got)
	}
	for _, init := range []*webrtc.DataChannelInit{{Ordered: new(false)}, {MaxRetransmits: new(uint16(1))}} {
		c, err := a.Open(t.Context(), "b", "no stream", init)
		if err != nil {
			t.Fatal(err)
		}
		<-taken
		if _, err := netconn.New(c); err == nil {
			t.Errorf("%+v is a stream", *init)
		}
	}
}
