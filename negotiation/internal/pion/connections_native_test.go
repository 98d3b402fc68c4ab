//go:build !js

package pion

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"
	"go.uber.org/goleak"

	"perfect-negotiation/negotiation/internal/held"
	"perfect-negotiation/negotiation/internal/sdp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var (
	opus = webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}
	vp8  = webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}
)

// offlineWith returns a connection with these codecs that uses no network.
func offlineWith(t testing.TB, codecs ...webrtc.RTPCodecCapability) *webrtc.PeerConnection {
	t.Helper()
	return offlineFrom(t, codecsOnly(t, codecs...), webrtc.Configuration{})
}

func codecsOnly(t testing.TB, codecs ...webrtc.RTPCodecCapability) *webrtc.MediaEngine {
	t.Helper()
	media := &webrtc.MediaEngine{}
	for i, c := range codecs {
		kind, _, _ := strings.Cut(c.MimeType, "/")
		if err := media.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: c, PayloadType: webrtc.PayloadType(96 + i)}, webrtc.NewRTPCodecType(kind)); err != nil {
			t.Fatal(err)
		}
	}
	return media
}

// described returns a description with these sections.
func described(sections ...string) string {
	var mids []string
	for _, m := range sections {
		if s := sdp.Parse(m).Media[0]; !s.Rejected {
			mids = append(mids, s.Mid)
		}
	}
	return fmt.Sprintf("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE %s\r\n"+
		"a=ice-ufrag:theirs\r\na=ice-pwd:%s\r\na=fingerprint:sha-256 %s\r\n", strings.Join(mids, " "), somePwd, someFingerprint) +
		strings.Join(sections, "")
}

func mediaSection(kind, mid string, formats ...string) string {
	text := "m=" + kind + " 9 UDP/TLS/RTP/SAVPF"
	for i := range formats {
		text += fmt.Sprintf(" %d", 100+i)
	}
	text += "\r\nc=IN IP4 0.0.0.0\r\na=setup:active\r\na=rtcp-mux\r\na=sendrecv\r\na=mid:" + mid + "\r\n"
	for i, f := range formats {
		name, fmtp, _ := strings.Cut(f, " ")
		text += fmt.Sprintf("a=rtpmap:%d %s\r\n", 100+i, name)
		if fmtp != "" {
			text += fmt.Sprintf("a=fmtp:%d %s\r\n", 100+i, fmtp)
		}
	}
	return text
}

// rejection returns a rejected section.
func rejection(kind, mid string) string {
	return (&sdp.Description{Media: []*sdp.Media{sdp.Rejection(kind, mid)}}).String()
}

func dataSection(mid string) string {
	return "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=setup:active\r\na=mid:" + mid + "\r\n"
}

// answered returns the sections of h's answer to an offer.
func answered(t *testing.T, h *held.PeerConnection, text string) []sdp.Section {
	t.Helper()
	return answer(t, h, text).Sections()
}

// answer has h answer an offer.
func answer(t *testing.T, h *held.PeerConnection, text string) *sdp.Description {
	t.Helper()
	must(t, h.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: text}))
	return offer(t, h)
}

// offer has h create an offer, or the answer that is due.
func offer(t *testing.T, h *held.PeerConnection) *sdp.Description {
	t.Helper()
	d, err := h.SetLocalDescription()
	must(t, err)
	return sdp.Parse(d.SDP)
}

var (
	somePwd         = strings.Repeat("p", 22)
	someFingerprint = strings.TrimSuffix(strings.Repeat("AB:", 32), ":")
)

// goesOn checks that h can still make an offer and take one, both of which continue
// what was negotiated.
func goesOn(t *testing.T, h *held.PeerConnection, after string) {
	t.Helper()
	h.Polite = true // a polite peer drops its offer
	if _, err := h.SetLocalDescription(); err != nil {
		t.Fatalf("then it can make no offer: %v\n%q", err, after)
	}
	var sections []string
	mid := "good"
	for _, s := range h.Sections {
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
	if n := len(sdp.Parse(answer.SDP).Media); n != len(sections)+1 {
		t.Fatalf("then it answers an offer of %d sections with %d\n%q", len(sections)+1, n, after)
	}
	if state := h.SignalingState(); state != webrtc.SignalingStateStable {
		t.Fatalf("it rests in %s\n%q", state, after)
	}
}

// offline returns a connection that uses no network.
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

// goodOffer returns an offer with sections of these kinds and a data channel.
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
