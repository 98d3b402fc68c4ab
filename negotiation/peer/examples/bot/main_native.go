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
	"perfect-negotiation/negotiation/trace"
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
	heard := make(chan trace.Event, 64)
	p, err := peer.Join(ctx, peer.Config{
		Options: signaling.Options{Server: server, Room: room},
		Connect: true,
		Trace: func(e trace.Event) { // must not wait for the Peer
			if e.Kind != trace.ChatReceived {
				return
			}
			select {
			case heard <- e:
			default:
				log.Print("too much is said")
			}
		},
	})
	if err != nil {
		return err
	}
	go play(ctx, track)
	for {
		select {
		case e := <-heard:
			reply := "You said: " + e.Detail
			switch e.Detail {
			case "sound on":
				p.Send(e.Peer, "sound", track)
				reply = "Here it comes."
			case "sound off":
				p.Unsend(e.Peer, "sound")
				reply = "It is gone."
			}
			if err := p.Say(e.Peer, reply); err != nil {
				log.Print(err) // the sender has left
			}
		case <-p.Done(): // also when ctx ends
			return nil
		}
	}
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
