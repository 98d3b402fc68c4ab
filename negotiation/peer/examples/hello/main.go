// Command hello greets whoever comes into the room, and prints what they say: natively,
// and as WASM in a page.
//
//	PN_SERVER=http://localhost:8080 go run ./negotiation/peer/examples/hello
//
// `make example` builds both, with ../index.html, which is such a page.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"perfect-negotiation/negotiation/peer"
	"perfect-negotiation/negotiation/signaling"
)

func main() {
	p, err := peer.Join(context.Background(), peer.Config{
		Options:   signaling.Options{Server: os.Getenv("PN_SERVER"), Room: "lobby"},
		OnConnect: func(p *peer.Peer, id string) { _ = p.Say(id, "hello") },
		OnMessage: func(_ *peer.Peer, from string, m peer.Message) { fmt.Printf("%s: %q\n", from, m) },
	})
	if err != nil {
		log.Fatal(err)
	}
	<-p.Done()
}
