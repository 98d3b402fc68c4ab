//go:build !js

package peer_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"time"

	"perfect-negotiation/negotiation/peer"
	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/trace"
	"perfect-negotiation/server/relay"
)

// Two peers join a room of a relay, connect, and say something to each other.
func Example() {
	r := relay.New(relay.Config{})
	server := httptest.NewServer(r)
	defer server.Close()
	defer func() { _ = r.Shutdown(context.Background()) }()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()

	heard := make(chan string, 2)
	var peers []*peer.Peer
	for range 2 {
		opened := make(chan struct{}, 2)
		p, err := peer.Join(ctx, peer.Config{
			Options: signaling.Options{Server: server.URL, Room: "inn"},
			Connect: true, // with everybody who is there, and whoever comes
			Trace: func(e trace.Event) {
				switch e.Kind {
				case trace.ChannelOpened:
					opened <- struct{}{}
				case trace.ChatReceived:
					heard <- e.Detail
				}
			},
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		peers = append(peers, p)
		defer func() {
			p.Close()
			<-p.Done()
		}()
		if len(peers) == 2 {
			<-opened
		}
	}
	if err := peers[1].Say("", "hello"); err != nil {
		fmt.Println(err)
	}
	fmt.Println(<-heard)
	// Output: hello
}
