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

// changed returns good with each change, of which each once was a way to break a
// connection.
func changed(good string) (list []string) {
	list = append(list, good)
	for _, change := range [][2]string{
		{"a=mid:", "a=mit:"}, {"a=ice-ufrag:", "a=ice-ufrag: "}, {"sha-256", "sha-1"}, {"96 ", "300 "}, {"m=audio 9", "m=audio 0"},
		{"a=sendrecv", "a=inactive"}, {"a=setup:actpass", "a=setup:active"}, {"a=extmap:1 ", "a=extmap:x "}, {"m=application", "m=video"},
		{"a=rtpmap:111 opus/48000/2", "a=rtpmap:111 nope/1"}, {"BUNDLE 0", "BUNDLE 7"}, {"a=candidate:", "a=candidate:x "}, {"\r\n", "\n"},
		{"a=sendrecv\r\n", ""}, {"apt=", "apt=x"}, {"m=audio", "a=ice-ufrag:abcd\r\nm=audio"}, {"a=mid:0", "a=mid:0\r\na=ssrc:1 cname:x\r\na=ssrc:2 cname:x"},
		{"m=video ", "m=video\t"}, {"m=video 9", "m=video 0"}, {" 9 ", " 0 "}, {"m=video", "m=text"}, {"VP8/90000", "VP8/90000\r\na=fmtp:96 apt=99"},
		{"opus/48000/2", "opus/8000"}, {"VP8", "nope"}, {"sctp-port", "x"}, {"a=mid:1", "a=mid:1\r\na=hidden:video"}, {"111", "96"},
	} {
		list = append(list, strings.ReplaceAll(good, change[0], change[1]))
	}
	return append(list, strings.TrimSpace(good))
}

// goesOn shows that h can make an offer and take one, which continues what was
// negotiated.
func goesOn(t *testing.T, h *held, after string) {
	t.Helper()
	h.polite = true // and drops its offer
	if _, err := h.SetLocalDescription(); err != nil {
		t.Fatalf("then it can make no offer: %v\n%q", err, after)
	}
	var sections []string
	mid := "good"
	for _, s := range h.sections {
		sections = append(sections, rejection(s.Kind, s.Mid))
		mid += s.Mid
	}
	good := described(append(sections, dataSection(mid))...)
	if err := h.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: good}); err != nil {
		t.Fatalf("then it takes no offer: %v\n%q", err, after)
	}
	answer, err := h.SetLocalDescription()
	if err != nil {
		t.Fatalf("then it makes no answer: %v\n%q", err, after)
	}
	if n := len(read(answer.SDP).lines); n != len(sections)+1 {
		t.Fatalf("then it answers an offer of %d sections with %d\n%q", len(sections)+1, n, after)
	}
	if state := h.SignalingState(); state != webrtc.SignalingStateStable {
		t.Fatalf("it rests in %s\n%q", state, after)
	}
}

// FuzzDescription gives a real connection an offer. Either it refuses it and is
// as it was, or it answers, and then the same offer once more.
func FuzzDescription(f *testing.F) {
	for _, text := range changed(goodOffer(f, webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo).SDP) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, pc := range []*webrtc.PeerConnection{offline(t), offlineWith(t, opus, vp8)} {
			h := &held{pc: &pion{pc: pc, prefix: "i"}}
			for range 2 {
				err := h.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: text})
				if errors.Is(err, ErrRefused) {
					break
				}
				if err == nil {
					_, err = h.SetLocalDescription()
				}
				if err != nil {
					t.Fatalf("it got through, and then: %v\n%q", err, text)
				}
			}
			goesOn(t, h, text)
			if err := pc.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// FuzzAnswer gives a real connection an answer. Either it refuses it, or it goes on;
// if pion has its offer and cannot take it back, the Session says so.
func FuzzAnswer(f *testing.F) {
	good := described(mediaSection("video", "i0", "VP8/90000"), mediaSection("audio", "i1", "opus/48000/2"), dataSection("2"))
	for _, text := range changed(good) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, polite := range []bool{true, false} {
			pc := offlineWith(t, opus, vp8)
			_, err := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
			must(t, err)
			_, err = pc.AddTransceiverFromKind(webrtc.RTPCodecTypeAudio)
			must(t, err)
			_, err = pc.CreateDataChannel("", nil)
			must(t, err)
			h := &held{pc: &pion{pc: pc, prefix: "i"}, polite: polite}
			_, err = h.SetLocalDescription()
			must(t, err)
			err = h.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: text})
			if errors.Is(err, ErrRefused) && h.SignalingState() == webrtc.SignalingStateHaveLocalOffer {
				err = h.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: good})
			}
			wedged := pc.SignalingState() == webrtc.SignalingStateHaveLocalOffer
			switch {
			case err == nil, errors.Is(err, ErrRefused):
				goesOn(t, h, text)
			case polite || !wedged:
				t.Fatalf("it got through, and then: %v\n%q", err, text)
			}
			if err := pc.Close(); err != nil {
				t.Fatal(err)
			}
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
	return offlineFrom(t, media, webrtc.Configuration{})
}

func offlineFrom(t testing.TB, media *webrtc.MediaEngine, c webrtc.Configuration) *webrtc.PeerConnection {
	t.Helper()
	engine := webrtc.SettingEngine{}
	engine.SetNetworkTypes([]webrtc.NetworkType{})
	engine.SetInterfaceFilter(func(string) bool { return false })
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(engine), webrtc.WithMediaEngine(media)).NewPeerConnection(c)
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
