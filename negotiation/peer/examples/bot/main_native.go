//go:build !js

// Command bot answers in chat, and sends sound when asked to. Run the relay with
// `make run`, open http://localhost:8080/r/lobby, start it with
//
//	go run ./negotiation/peer/examples/bot
//
// and say "sound on", "sound off", or anything else.
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"os/signal"
	"time"

	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media"

	"perfect-negotiation/negotiation/peer"
	"perfect-negotiation/negotiation/signaling"
)

func main() {
	server := flag.String("server", "http://localhost:8080", "`URL` of the relay")
	room := flag.String("room", "lobby", "`name` of the room")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := serve(ctx, *server, *room); err != nil {
		log.Fatal(err)
	}
}

func serve(ctx context.Context, server, room string) error {
	track, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus}, "sound", "bot")
	if err != nil {
		return err
	}
	p, err := peer.Join(ctx, peer.Config{
		Options: signaling.Options{Server: server, Room: room},
		OnMessage: func(p *peer.Peer, from string, m peer.Message) {
			reply := "You said: " + m.String()
			switch m.String() {
			case "sound on":
				p.Publish(from, "sound", track)
				reply = "Here it comes."
			case "sound off":
				p.Unpublish(from, "sound")
				reply = "It is gone."
			}
			if err := p.Say(from, reply); err != nil {
				log.Print(err) // the sender has left
			}
		},
	})
	if err != nil {
		return err
	}
	go play(ctx, track)
	<-p.Done() // also when ctx ends
	return nil
}

// play sends silence, the only sound that needs no file.
func play(ctx context.Context, track *webrtc.TrackLocalStaticSample) {
	const each = 20 * time.Millisecond
	next := time.NewTicker(each)
	defer next.Stop()
	for {
		select {
		case <-next.C:
			// Errors come only from connections that are gone.
			_ = track.WriteSample(media.Sample{Data: []byte{0xf8, 0xff, 0xfe}, Duration: each})
		case <-ctx.Done():
			return
		}
	}
}
