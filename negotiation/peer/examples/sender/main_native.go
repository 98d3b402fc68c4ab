//go:build !js

// Command sender shows a moving picture to every peer that joins a room. Run
// the relay with `make run`, open http://localhost:8080/r/lobby, and
//
//	go run ./negotiation/peer/examples/sender server/media/pattern.ivf
package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"log"
	"os"
	"os/signal"
	"time"

	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media"
	"github.com/pion/webrtc/v4/pkg/media/ivfreader"

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
	if err := show(ctx, *server, *room, flag.Arg(0)); err != nil {
		log.Fatal(err)
	}
}

func show(ctx context.Context, server, room, file string) error {
	track, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}, "picture", "sender")
	if err != nil {
		return err
	}
	p, err := peer.Join(ctx, peer.Config{
		Options: signaling.Options{Server: server, Room: room},
		Trace:   func(e trace.Event) { log.Print(e) },
	})
	if err != nil {
		return err
	}
	p.Publish("", "picture", track) // to every peer that joins
	for ctx.Err() == nil && err == nil {
		err = play(ctx, track, file)
	}
	p.Close()
	<-p.Done()
	return err
}

// play plays an IVF file with VP8 once.
func play(ctx context.Context, track *webrtc.TrackLocalStaticSample, name string) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	reader, header, err := ivfreader.NewWith(file)
	if err != nil {
		return err
	}
	each := time.Second * time.Duration(header.TimebaseNumerator) / time.Duration(header.TimebaseDenominator)
	next := time.NewTicker(each)
	defer next.Stop()
	for {
		frame, _, err := reader.ParseNextFrame()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		// Errors come only from connections that are gone.
		_ = track.WriteSample(media.Sample{Data: frame, Duration: each})
		select {
		case <-next.C:
		case <-ctx.Done():
			return nil
		}
	}
}
