//go:build !js

package local_test

import (
	"context"
	"fmt"

	"perfect-negotiation/negotiation/peer"
	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/local"
	"perfect-negotiation/negotiation/trace"
)

// Two peers meet in one program. Their offers collide, and one talks to the other.
func Example() {
	var room local.Room
	opened, heard := make(chan struct{}, 4), make(chan string, 1)
	var peers []*peer.Peer
	for _, id := range []string{"left", "right"} {
		p, err := peer.Join(context.Background(), peer.Config{
			Options: signaling.Options{Room: "inn"},
			Dial:    room.Dialer(id),
			Trace: func(e trace.Event) {
				switch e.Kind {
				case trace.ChannelOpened:
					opened <- struct{}{}
				case trace.ChatReceived:
					heard <- e.Peer + " says " + e.Detail
				}
			},
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		peers = append(peers, p)
	}
	for range cap(opened) {
		<-opened // two channels, at each end
	}
	if err := peers[0].Say("", "hello"); err != nil {
		fmt.Println(err)
	}
	fmt.Println(<-heard)
	for _, p := range peers {
		p.Close()
		<-p.Done()
	}
	// Output: left says hello
}
