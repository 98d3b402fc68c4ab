//go:build !js

package negotiation_test

import (
	"bytes"
	"sync"
	"testing"
	"time"

	"github.com/pion/logging"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/trace"
)

// TestMediaOvertakeTheAnswer has the polite side offer audio after an exchange of a
// data channel alone. The other side answers with audio of its own, which comes
// before the answer: pion must not take it for something else.
func TestMediaOvertakeTheAnswer(t *testing.T) {
	for range 20 {
		if overtake(t) {
			return
		}
	}
	t.Error("the other side has always offered its audio before it could answer with it")
}

// overtake reports whether the other side had an offer to answer: pion may tell it sooner
// that its own audio needs one.
func overtake(t *testing.T) bool {
	t.Helper()
	media := &webrtc.MediaEngine{}
	if err := media.RegisterDefaultCodecs(); err != nil {
		t.Fatal(err)
	}
	unhandled := &awaited{words: "Incoming unhandled RTP", seen: make(chan struct{})}
	log := &logging.DefaultLoggerFactory{Writer: unhandled, DefaultLogLevel: logging.LogLevelError}
	polite := newSideWith(t, "polite", newPeerConnectionLogging(t, negotiation.PoliteConfiguration(webrtc.Configuration{}), media, log))
	impolite := newSide(t, "impolite")
	polite.attach(impolite)
	impolite.attach(polite)
	late := make(chan negotiation.Message, 1)
	polite.late = late
	tracks := map[*side]*webrtc.TrackLocalStaticRTP{}
	for _, s := range []*side{polite, impolite} {
		track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus}, s.name, s.name)
		if err != nil {
			t.Fatal(err)
		}
		tracks[s] = track
	}
	heard := make(chan string, 4)
	polite.pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		heard <- track.Kind().String() + " " + track.ID()
	})

	polite.deafen()
	impolite.connect("data")
	impolite.until(trace.OfferSending, 1)
	impolite.deafen()
	if err := impolite.s.Do(func() error { _, err := impolite.pc.AddTrack(tracks[impolite]); return err }); err != nil {
		t.Fatal(err)
	}
	if err := polite.s.Do(func() error { _, err := polite.pc.AddTrack(tracks[polite]); return err }); err != nil {
		t.Fatal(err)
	}
	polite.until(trace.OfferSending, 2)
	impolite.mu.Lock()
	impolite.hear()
	impolite.mu.Unlock()
	channel, other := impolite.channel(), polite.channel()
	var answer negotiation.Message
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for timeout, answered := time.After(20*time.Second), false; !answered; {
		select {
		case answer = <-late:
			answered = true
		case <-look.C:
			if impolite.count(trace.OfferSending) > 1 {
				return false
			}
		case <-timeout:
			t.Fatal("there is no answer")
		}
	}
	arrived := make(chan struct{})
	other.OnMessage(func(webrtc.DataChannelMessage) { close(arrived) })
	play := func(n int) {
		for range n {
			if err := tracks[impolite].WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2}, Payload: []byte{0}}); err != nil {
				t.Error(err)
			}
		}
	}
	play(50)
	if err := channel.SendText("50 packets were before this"); err != nil {
		t.Fatal(err)
	}
	<-arrived
	<-unhandled.seen // pion peeks at the first packet, and its reader would not wait for that
	if err := polite.s.Receive(answer); err != nil {
		t.Fatal(err)
	}

	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for timeout := time.After(10 * time.Second); ; {
		select {
		case got := <-heard:
			if got != "audio impolite" {
				t.Errorf("heard %s", got)
			}
			for _, transceiver := range polite.pc.GetTransceivers() {
				if transceiver.Kind() == webrtc.RTPCodecTypeVideo {
					t.Error("there is a transceiver for video")
				}
			}
			return true
		case <-again.C:
			play(1)
		case <-timeout:
			t.Fatal("nothing was heard")
		}
	}
}

// awaited tells when a logger writes a line with these words.
type awaited struct {
	words string
	once  sync.Once
	seen  chan struct{}
}

func (a *awaited) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte(a.words)) {
		a.once.Do(func() { close(a.seen) })
	}
	return len(line), nil
}
