// Command pipe sends PN_BYTES random bytes to each peer in the room, and says how fast it
// went, and what the SHA-256 is of what was sent and of what came: natively, and as WASM in
// a page. See hello.
package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"os"
	"strconv"
	"time"

	"perfect-negotiation/negotiation/peer"
	"perfect-negotiation/negotiation/peer/netconn"
	"perfect-negotiation/negotiation/signaling"
)

func main() {
	bytes, _ := strconv.ParseInt(os.Getenv("PN_BYTES"), 10, 64) // else it only receives
	p, err := peer.Join(context.Background(), peer.Config{
		Options: signaling.Options{Server: os.Getenv("PN_SERVER"), Room: "pipe"},
		OnConnect: func(p *peer.Peer, id string) {
			if bytes > 0 {
				report("sent", func() (int64, []byte, error) { return send(p, id, bytes) })
			}
		},
		OnChannel: peer.ChannelFunc(func(_ *peer.Peer, _ string, c *peer.Channel) {
			report("received", func() (int64, []byte, error) { return receive(c) })
		}),
	})
	if err != nil {
		log.Fatal(err)
	}
	<-p.Done()
}

func send(p *peer.Peer, id string, bytes int64) (int64, []byte, error) {
	c, err := p.Open(context.Background(), id, "pipe", nil)
	if err != nil {
		return 0, nil, err
	}
	stream, err := netconn.New(c)
	if err != nil {
		return 0, nil, err
	}
	defer stream.Close()
	random := io.LimitReader(rand.NewChaCha8([32]byte{}), bytes)
	return pipe(stream, random)
}

func receive(c *peer.Channel) (int64, []byte, error) {
	stream, err := netconn.New(c)
	if err != nil {
		return 0, nil, err
	}
	defer stream.Close()
	return pipe(io.Discard, stream)
}

// pipe copies all bytes, and returns how many, and their SHA-256.
func pipe(to io.Writer, from io.Reader) (int64, []byte, error) {
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(to, sum), from)
	return n, sum.Sum(nil), err
}

// report says what came of f.
func report(what string, f func() (int64, []byte, error)) {
	start := time.Now()
	n, sum, err := f()
	if err != nil {
		fmt.Printf("%s %d bytes, and then: %v\n", what, n, err)
		return
	}
	fmt.Printf("%s %d bytes: %x\n", what, n, sum)
	log.Printf("%.1f MB/s", float64(n)/1e6/time.Since(start).Seconds())
}
