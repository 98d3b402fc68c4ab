//go:build !js

package negotiation_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/trace"
)

// Two peers open a data channel at the same moment. Their offers cross, and the
// collision resolves itself.
func Example() {
	var logs [2][]string
	var sessions [2]*negotiation.Session
	wires := [2]chan negotiation.Message{make(chan negotiation.Message, 64), make(chan negotiation.Message, 64)}

	for i, role := range []negotiation.Role{negotiation.Polite, negotiation.Impolite} {
		pc, err := webrtc.NewPeerConnection(webrtc.Configuration{})
		if err != nil {
			panic(err)
		}
		defer pc.Close()
		pc.OnDataChannel(func(*webrtc.DataChannel) {})
		send := func(m negotiation.Message) error {
			wires[i] <- m
			return nil
		}
		show := func(e trace.Event) {
			if e.Level() == trace.LevelInfo {
				logs[i] = append(logs[i], e.String())
			}
		}
		sessions[i], err = negotiation.Attach(pc, role, send, negotiation.WithTrace(show))
		if err != nil {
			panic(err)
		}
		err = sessions[i].Do(func() error {
			_, err := pc.CreateDataChannel("chat", nil)
			return err
		})
		if err != nil {
			panic(err)
		}
	}

	// Both have made an offer before either gets the other's.
	offers := [2]negotiation.Message{<-wires[0], <-wires[1]}
	var network sync.WaitGroup
	for i := range wires {
		network.Go(func() {
			_ = sessions[1-i].Receive(offers[i])
			for m := range wires[i] {
				_ = sessions[1-i].Receive(m)
			}
		})
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for _, s := range sessions {
		if err := s.Negotiated(ctx); err != nil {
			panic(err)
		}
	}
	for i, s := range sessions {
		s.Close()
		<-s.Done()
		close(wires[i])
	}
	network.Wait()
	fmt.Println(strings.Join(logs[0], "\n"))
	fmt.Println()
	fmt.Println(strings.Join(logs[1], "\n"))
	// Output:
	// [POLITE] Negotiation needed
	// [POLITE] Sending Offer
	// [POLITE] Received remote Offer description
	// [POLITE] Collision detected, rolling back local offer
	// [POLITE] Creating answer
	// [POLITE] Sending Answer
	//
	// [IMPOLITE] Negotiation needed
	// [IMPOLITE] Sending Offer
	// [IMPOLITE] Received remote Offer description
	// [IMPOLITE] Ignoring remote offer due to collision (impolite)
	// [IMPOLITE] Received remote Answer description
}

// negotiate is what README.md shows: it runs perfect negotiation on pc over a
// connection of one's own.
func negotiate(pc *webrtc.PeerConnection, role negotiation.Role, signaling net.Conn, started func(*negotiation.Session)) error {
	out := json.NewEncoder(signaling)
	session, err := negotiation.Attach(pc, role, func(m negotiation.Message) error { return out.Encode(m) })
	if err != nil {
		return err
	}
	defer session.Close()
	started(session)
	for in := json.NewDecoder(signaling); ; {
		var m negotiation.Message
		if err := in.Decode(&m); err != nil {
			return err
		}
		if err := session.Receive(m); err != nil {
			return err
		}
	}
}

// A user of pion with tracks, handlers and signalling of its own adopts the
// package with the lines above: media flows both ways although both offer.
func TestAdoption(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var users, arrivals sync.WaitGroup
	arrivals.Add(2)
	for _, role := range []negotiation.Role{negotiation.Polite, negotiation.Impolite} {
		var conn net.Conn
		if role == negotiation.Polite {
			conn, err = net.Dial("tcp", listener.Addr().String())
		} else {
			conn, err = listener.Accept()
			listener.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		users.Go(func() { useMedia(t, role, conn, &arrivals) })
	}
	users.Wait()
}

// useMedia is the application: it sends a track until both tracks have arrived.
func useMedia(t *testing.T, role negotiation.Role, conn net.Conn, arrivals *sync.WaitGroup) {
	pc := newPeerConnection(t, webrtc.Configuration{})
	arrived := make(chan struct{})
	var once sync.Once
	pc.OnTrack(func(*webrtc.TrackRemote, *webrtc.RTPReceiver) { once.Do(func() { close(arrived) }) })
	track, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}, "video", string(role))
	if err != nil {
		t.Error(err)
		return
	}
	stop, sent := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(sent)
		frames := time.NewTicker(20 * time.Millisecond)
		defer frames.Stop()
		for {
			select {
			case <-frames.C:
				writeFrame(track)
			case <-stop:
				return
			}
		}
	}()
	var session *negotiation.Session
	ready := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = negotiate(pc, role, conn, func(s *negotiation.Session) { session = s; close(ready) })
	}()
	<-ready
	err = session.Do(func() error { _, err := pc.AddTrack(track); return err })
	if err != nil {
		t.Error(err)
	}
	select {
	case <-arrived:
	case <-time.After(20 * time.Second):
		t.Errorf("%s: no media came", role)
	}
	arrivals.Done()
	arrivals.Wait()
	close(stop)
	<-sent
	conn.Close()
	<-ended
	<-session.Done()
	if err := pc.Close(); err != nil {
		t.Error(err)
	}
}

// The lines in README.md are those of negotiate.
func TestREADMEShowsTheAdoption(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("example_native_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(string(source), "started func(*negotiation.Session)) error {\n")
	body, _, _ = strings.Cut(body, "\n}\n")
	for line := range strings.Lines(body) {
		line = strings.TrimPrefix(line, "\t")
		if strings.HasPrefix(line, "started(") {
			continue
		}
		if !strings.Contains(string(readme), line) {
			t.Errorf("README.md has no line %q", line)
		}
	}
}

func writeFrame(track *webrtc.TrackLocalStaticSample) {
	// A VP8 key frame header is enough: nobody decodes it.
	_ = track.WriteSample(media.Sample{Data: []byte{0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x10, 0x00, 0x10, 0x00, 0x00}, Duration: 20 * time.Millisecond})
}
