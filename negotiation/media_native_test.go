//go:build !js

package negotiation_test

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media"

	"perfect-negotiation/negotiation"
)

// newTrack returns a track on which a packet is written all the time, from begin
// until the test ends, and a channel with a value for each of them.
func newTrack(t *testing.T, kind string, begin <-chan struct{}) (webrtc.TrackLocal, <-chan struct{}) {
	t.Helper()
	mime := map[string]string{"audio": webrtc.MimeTypeOpus, "video": webrtc.MimeTypeVP8}[kind]
	track, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: mime}, kind+rand.Text(), "stream")
	if err != nil {
		t.Fatal(err)
	}
	written, stop, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		select {
		case <-begin:
		case <-stop:
			return
		}
		again := time.NewTicker(20 * time.Millisecond)
		defer again.Stop()
		for {
			select {
			case <-again.C:
				if err := track.WriteSample(media.Sample{Data: []byte{0x10, 0, 0, 0x9d, 1, 0x2a, 0, 0}, Duration: 20 * time.Millisecond}); err != nil {
					t.Error(err)
				}
				select {
				case written <- struct{}{}:
				default: // nobody counts now
				}
			case <-stop:
				return
			}
		}
	}()
	t.Cleanup(func() {
		close(stop)
		<-done
	})
	return track, written
}

// listen returns a channel with the kind of each track that brings a packet.
func (p *side) listen() <-chan string {
	heard := make(chan string, 64)
	p.pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		if _, _, err := track.ReadRTP(); err == nil {
			heard <- track.Kind().String()
		}
	})
	return heard
}

var now = func() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// live adds a track, which plays at once, or after roll if the race detector
// looks. It is called within Do.
func (p *side) live(kind string) error {
	begin := now
	if negotiation.RaceEnabled {
		begin = p.rolling
	}
	track, _ := newTrack(p.t, kind, begin)
	_, err := p.pc.AddTrack(track)
	return err
}

func (p *side) roll() { close(p.rolling) }

func await(t *testing.T, packets <-chan struct{}, n int) {
	t.Helper()
	timeout := time.After(10 * time.Second)
	for range n {
		select {
		case <-packets:
		case <-timeout:
			t.Fatal("no packets come")
		}
	}
}

func (p *side) addTrack(kind string) (written <-chan struct{}) {
	p.t.Helper()
	track, written := newTrack(p.t, kind, now)
	if err := p.s.Do(func() error {
		_, err := p.pc.AddTrack(track)
		return err
	}); err != nil {
		p.t.Fatal(err)
	}
	return written
}

// TestADroppedOfferSendsNothing has packets come faster than signalling. pion
// would send a track of an offer that was dropped, and for want of a section the
// other side would make a transceiver of its own for it.
func TestADroppedOfferSendsNothing(t *testing.T) {
	polite, impolite := pair(t)
	heard := impolite.listen()
	polite.connect("data")
	dc := polite.channel()
	impolite.channel()
	impolite.negotiated()

	polite.deafen()
	impolite.s.Renegotiate()
	impolite.until(negotiation.OfferSending, 1)
	impolite.deafen()
	written := polite.addTrack("audio")
	polite.until(negotiation.AnswerSending, 1)
	await(t, written, 25)
	if err := dc.SendText("comes after them"); err != nil {
		t.Fatal(err)
	}
	<-impolite.messages
	if n := len(impolite.pc.GetTransceivers()); n != 0 {
		t.Errorf("there are %d transceivers, and none was negotiated", n)
	}
	impolite.mu.Lock()
	impolite.hear()
	impolite.mu.Unlock()
	impolite.arrive(heard, "audio")
	if n := len(impolite.pc.GetTransceivers()); n != 1 {
		t.Errorf("there are %d transceivers, and one was negotiated", n)
	}
}
