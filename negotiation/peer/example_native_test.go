//go:build !js

package peer_test

import (
	"context"
	"fmt"

	"perfect-negotiation/negotiation/peer"
	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/local"
)

// Two peers meet. One greets whoever comes, and the other prints what it hears. Over a
// relay there is no Dial, and natively a Server.
func Example() {
	ctx, leave := context.WithCancel(context.Background())
	defer leave()
	var room local.Room
	ann, err := peer.Join(ctx, peer.Config{
		Options:   signaling.Options{Room: "inn"},
		Dial:      room.Dialer("Ann"),
		OnConnect: func(p *peer.Peer, id string) { _ = p.Say(id, "Welcome, "+id+"!") },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	bob, err := peer.Join(ctx, peer.Config{
		Options: signaling.Options{Room: "inn"},
		Dial:    room.Dialer("Bob"),
		OnMessage: func(p *peer.Peer, from string, m peer.Message) {
			fmt.Printf("%s: %s\n", from, m)
			leave()
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	<-ann.Done()
	<-bob.Done()
	// Output: Ann: Welcome, Bob!
}
