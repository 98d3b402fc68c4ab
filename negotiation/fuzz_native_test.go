//go:build !js

package negotiation

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"
)

// FuzzMessage reads what a peer may send. What is read must be written and read
// again as the same.
func FuzzMessage(f *testing.F) {
	for _, seed := range []string{
		`{"description":{"type":"offer","sdp":"v=0\r\n"}}`,
		`{"candidate":{"candidate":"candidate:1 1 udp 1 192.0.2.1 9 typ host","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":"abcd"}}`,
		`{"candidate":null}`, `{}`, `[]`, `{"description":{"type":"rollback"}}`, `{"candidate":{"sdpMLineIndex":70000}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var m Message
		if m.UnmarshalJSON(data) != nil {
			return
		}
		once, err := m.MarshalJSON()
		if err != nil {
			t.Fatalf("%q was read and cannot be written: %v", data, err)
		}
		var again Message
		if err := again.UnmarshalJSON(once); err != nil {
			t.Fatalf("%q was written and cannot be read: %v", once, err)
		}
		if twice, err := again.MarshalJSON(); err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("%q became %q, %v", once, twice, err)
		}
	})
}

// FuzzDescription gives a real connection an offer. Either it refuses it and is
// as it was, or it answers, and then the same offer once more.
func FuzzDescription(f *testing.F) {
	good := goodOffer(f, webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo)
	f.Add(good.SDP)
	for _, change := range [][2]string{
		{"a=mid:", "a=mit:"}, {"a=ice-ufrag:", "a=ice-ufrag: "}, {"sha-256", "sha-1"}, {"96 ", "300 "}, {"m=audio 9", "m=audio 0"},
		{"a=sendrecv", "a=inactive"}, {"a=setup:actpass", "a=setup:active"}, {"a=extmap:1 ", "a=extmap:x "}, {"m=application", "m=video"},
		{"a=rtpmap:111 opus/48000/2", "a=rtpmap:111 nope/1"}, {"BUNDLE 0", "BUNDLE 7"}, {"a=candidate:", "a=candidate:x "}, {"\r\n", "\n"},
		{"a=sendrecv\r\n", ""}, {"apt=", "apt=x"}, {"m=audio", "a=ice-ufrag:abcd\r\nm=audio"}, {"a=mid:0", "a=mid:0\r\na=ssrc:1 cname:x\r\na=ssrc:2 cname:x"},
	} {
		f.Add(strings.ReplaceAll(good.SDP, change[0], change[1]))
	}
	f.Fuzz(func(t *testing.T, text string) {
		pc := offline(t)
		defer pc.Close()
		h := &held{pc: &pion{pc: pc, prefix: "i"}}
		answer := func(offer webrtc.SessionDescription) error {
			err := h.SetRemoteDescription(offer)
			if err != nil {
				return err
			}
			_, err = h.SetLocalDescription()
			return err
		}
		fuzzed := webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: text}
		err := answer(fuzzed)
		switch {
		case errors.Is(err, ErrRefused):
			fuzzed = good
		case err != nil:
			t.Fatalf("it got through, and then: %v\n%s", err, text)
		}
		if err := answer(fuzzed); err != nil {
			t.Fatalf("the next offer: %v\n%s", err, text)
		}
		if state := pc.SignalingState(); state != webrtc.SignalingStateStable {
			t.Fatalf("it rests in %s\n%s", state, text)
		}
	})
}

// offline returns a connection that looks for no network.
func offline(t testing.TB) *webrtc.PeerConnection {
	t.Helper()
	media := &webrtc.MediaEngine{}
	if err := media.RegisterDefaultCodecs(); err != nil {
		t.Fatal(err)
	}
	return offlineFrom(t, media)
}

func offlineFrom(t testing.TB, media *webrtc.MediaEngine) *webrtc.PeerConnection {
	t.Helper()
	engine := webrtc.SettingEngine{}
	engine.SetNetworkTypes([]webrtc.NetworkType{})
	engine.SetInterfaceFilter(func(string) bool { return false })
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(engine), webrtc.WithMediaEngine(media)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	return pc
}

// goodOffer returns one with sections of these kinds, and with a data channel.
func goodOffer(t testing.TB, kinds ...webrtc.RTPCodecType) webrtc.SessionDescription {
	t.Helper()
	pc := offline(t)
	defer pc.Close()
	for _, kind := range kinds {
		if _, err := pc.AddTransceiverFromKind(kind); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := pc.CreateDataChannel("", nil); err != nil {
		t.Fatal(err)
	}
	offer, err := pc.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	return offer
}

// FuzzSchedule has two Sessions over models go through events in an order that
// the walk is too short for.
func FuzzSchedule(f *testing.F) {
	f.Add([]byte("0123456789"))
	f.Add([]byte("the quick brown fox jumps over the lazy dog"))
	f.Add(bytes.Repeat([]byte{0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233}, 20))
	f.Fuzz(func(t *testing.T, data []byte) {
		take := func(n int) int {
			if len(data) == 0 {
				return 0
			}
			b := data[0]
			data = data[1:]
			return int(b) % n
		}
		c := setting{kinds: pairings[take(4)], renegs: take(3), restart: [2]int{take(2), take(2)}, faults: take(2), closes: take(2)}
		for i := range c.plans {
			for range take(7) {
				c.plans[i] = append(c.plans[i], changes[take(len(changes))])
			}
		}
		var steps []step
		for len(data) > 0 {
			s := step{uint8(take(2)), event(take(int(events))), ""}
			for range take(4) {
				s.script += string(rune(take(3)))
			}
			steps = append(steps, s)
		}
		if taken, broken := follow(newWorld(c), steps); len(broken) > 0 {
			t.Fatalf("%s\n%s\nTestReplay -replay %q", broken, replay(newWorld(c), taken), recording{c, taken})
		}
	})
}
