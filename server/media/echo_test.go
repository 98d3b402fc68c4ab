package media

import (
	"slices"
	"sync"
	"testing"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/peer"
	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/trace"
)

// A track that ends late does not remove the one that replaced it.
func TestEchoOfATrackThatComesAgain(t *testing.T) {
	var mu sync.Mutex
	var happened []trace.Kind
	p, err := peer.Join(t.Context(), peer.Config{
		Options: signaling.Options{Server: "http://127.0.0.1:1", Room: "nowhere"},
		Trace: func(e trace.Event) {
			mu.Lock()
			defer mu.Unlock()
			if e.Kind == trace.SendingStarted || e.Kind == trace.SendingStopped {
				happened = append(happened, e.Kind)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	track := func() *echoed {
		local, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}, "echo", "echo")
		if err != nil {
			t.Fatal(err)
		}
		return &echoed{TrackLocalStaticRTP: local}
	}
	var echo Echo
	name, first, second := echoName{"a", "echo"}, track(), track()
	echo.begin(p, name, first)
	echo.begin(p, name, second)
	echo.end(p, name, first)
	echo.begin(p, name, first)
	echo.end(p, name, second)
	echo.end(p, name, first)
	p.Close()
	<-p.Done()
	want := []trace.Kind{trace.SendingStarted, trace.SendingStarted, trace.SendingStarted, trace.SendingStopped}
	if !slices.Equal(happened, want) {
		t.Errorf("what happened is %q", happened)
	}
	if len(echo.now) != 0 {
		t.Errorf("%d tracks are remembered", len(echo.now))
	}
}

// A packet goes back without its header extensions.
func TestEchoIsBare(t *testing.T) {
	packet := &rtp.Packet{Header: rtp.Header{Version: 2, Marker: true, SequenceNumber: 7}, Payload: []byte{1, 2, 3}}
	want, err := packet.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if err := packet.SetExtension(4, []byte("mid")); err != nil {
		t.Fatal(err)
	}
	got, err := bare(packet).Marshal()
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%x, not %x; error %v", got, want, err)
	}
}
