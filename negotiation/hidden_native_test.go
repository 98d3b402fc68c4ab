//go:build !js

package negotiation

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/sdp"
)

var (
	opus = webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}
	vp8  = webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}
)

// offlineWith returns a connection that looks for no network, and has these codecs.
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

// rejection is a section that is rejected.
func rejection(kind, mid string) string {
	return (&sdp.Description{Media: []*sdp.Media{sdp.Rejection(kind, mid)}}).String()
}

func dataSection(mid string) string {
	return "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=setup:active\r\na=mid:" + mid + "\r\n"
}

// answered returns the sections with which h answers an offer.
func answered(t *testing.T, h *held, text string) []sdp.Section {
	t.Helper()
	must(t, h.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: text}))
	answer, err := h.SetLocalDescription()
	must(t, err)
	return sdp.Parse(answer.SDP).Sections()
}

// TestOfferedCodecs offers a codec to a connection that has one. What has none in
// common is rejected, and the connection goes on.
func TestOfferedCodecs(t *testing.T) {
	for _, c := range []struct {
		name    string
		has     webrtc.RTPCodecCapability
		offered string
		taken   bool
	}{
		{"the same", opus, "opus/48000/2", true},
		{"channels are not offered", opus, "opus/48000", true},
		{"channels are not registered", webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000}, "opus/48000/2", true},
		{"nothing but a name is registered", webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus}, "opus/48000/2", true},
		{"PCMU by name", webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypePCMU}, "PCMU/8000", true},
		{"PCMA by name", webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypePCMA}, "PCMA/8000/1", true},
		{"G722 without channels", webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeG722, ClockRate: 8000}, "G722/8000", true},
		{"video by name", webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}, "vp8/90000", true},
		{"other channels", webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 1}, "opus/48000/2", false},
		{"too many channels", opus, "opus/48000/99999", true},
		{"other clock rate", opus, "opus/16000/2", false},
		{"other codec", vp8, "H264/90000", false},
		{"a retransmission", webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeRTX, ClockRate: 90000}, "rtx/90000", false},
		{"what says that it is a retransmission", vp8, "VP8/90000 apt=99", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			pc := offlineWith(t, c.has)
			defer pc.Close()
			kind, _, _ := strings.Cut(c.has.MimeType, "/")
			h := &held{pc: &pion{pc: pc, prefix: "i"}}
			answer := answered(t, h, described(mediaSection(kind, "0", c.offered), dataSection("1")))
			if len(answer) != 2 || answer[0].Rejected == c.taken || answer[1].Rejected {
				t.Errorf("answered %+v", answer)
			}
			goesOn(t, h, c.offered)
		})
	}
}

// TestCoarseClock has codecs missing in the statistics, as they are where the clock
// gives several the same time. No codec is taken for one that pion lacks then.
func TestCoarseClock(t *testing.T) {
	for offered, taken := range map[string]bool{"VP8/90000": true, "H264/90000": false} {
		t.Run(strings.ReplaceAll(offered, "/", " "), func(t *testing.T) {
			pc := offlineWith(t, vp8)
			defer pc.Close()
			h := &held{pc: &pion{pc: pc, prefix: "i", codecs: []codec{}, incomplete: true}}
			answer := answered(t, h, described(mediaSection("video", "0", offered), dataSection("1")))
			if len(answer) != 2 || answer[0].Mid != "0" || answer[0].Rejected == taken || answer[1].Mid != "1" {
				t.Errorf("answered %+v", answer)
			}
		})
	}
}

// TestAnsweredCodecs answers with a codec that we have not offered, or offers one in
// a section of ours. pion takes it, and can make no offer any more.
func TestAnsweredCodecs(t *testing.T) {
	for _, d := range []webrtc.RTPTransceiverDirection{webrtc.RTPTransceiverDirectionRecvonly, webrtc.RTPTransceiverDirectionSendrecv} {
		for _, polite := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s polite %v", d, polite), func(t *testing.T) {
				pc := offlineWith(t, opus, vp8)
				defer pc.Close()
				_, err := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, webrtc.RTPTransceiverInit{Direction: d})
				must(t, err)
				p := &pion{pc: pc, prefix: "i"}
				h := &held{pc: p, polite: polite}
				mid := read(offer(t, h).SDP).lines[0].mid
				for _, with := range []webrtc.SDPType{webrtc.SDPTypeAnswer, webrtc.SDPTypeOffer} {
					if _, err := p.Look(with, sdp.Parse(described(mediaSection("video", mid, "H264/90000")))); err == nil {
						t.Errorf("the %s with H264 is taken", with)
					}
				}
				must(t, h.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: described(mediaSection("video", mid, "H264/90000", "VP8/90000"))}))
				offer(t, h)
			})
		}
	}
}

// TestPayloadTypes offers a payload type that means another codec, within the offer
// or to what was negotiated before. pion would stop in the middle.
func TestPayloadTypes(t *testing.T) {
	one, other := mediaSection("video", "0", "VP8/90000"), mediaSection("video", "1", "H264/90000")
	for _, c := range []struct {
		name          string
		first, second []string
		refused       bool
	}{
		{"in one offer", nil, []string{one, other}, true},
		{"later", []string{one}, []string{one, other}, true},
		{"in the same section", []string{one}, []string{mediaSection("video", "0", "H264/90000", "VP8/90000")}, true},
		{"of another kind", []string{one}, []string{one, mediaSection("audio", "1", "opus/48000/2")}, false},
		{"of a codec that pion lacks", []string{one}, []string{one, mediaSection("video", "1", "AV1/90000")}, false},
		{"another payload type", []string{one}, []string{one, strings.ReplaceAll(other, "100", "110")}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			pc := offlineWith(t, opus, vp8, webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeH264, ClockRate: 90000})
			defer pc.Close()
			h := &held{pc: &pion{pc: pc, prefix: "i"}}
			if c.first != nil {
				answered(t, h, described(c.first...))
			}
			second := webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: described(c.second...)}
			if c.refused {
				if err := h.SetRemoteDescription(second); !errors.Is(err, ErrRefused) {
					t.Errorf("error %v", err)
				}
			} else {
				answered(t, h, second.SDP)
			}
			goesOn(t, h, c.name)
		})
	}
}

// TestLastLineWithoutEnd adds lines to an offer that does not end with one.
func TestLastLineWithoutEnd(t *testing.T) {
	pc := offlineWith(t, vp8)
	defer pc.Close()
	h := &held{pc: &pion{pc: pc, prefix: "i"}}
	const connection = "c=IN IP4 0.0.0.0\r\n"
	section := strings.Replace(mediaSection("video", "0", "VP8/90000"), "a=sendrecv\r\n", "", 1)
	before, after, _ := strings.Cut(section, connection)
	answer := answered(t, h, described(before+after+strings.TrimSpace(connection)))
	if len(answer) != 1 || answer[0].Rejected {
		t.Errorf("answered %+v", answer)
	}
}

// TestRejectedLater has an answer, and then an offer, reject all that was negotiated
// before. pion wants credentials all the same, and those of before stay, with the
// DTLS role.
func TestRejectedLater(t *testing.T) {
	for _, polite := range []bool{true, false} {
		t.Run(fmt.Sprintf("polite %v", polite), func(t *testing.T) {
			pc := offlineWith(t, vp8)
			defer pc.Close()
			_, err := pc.CreateDataChannel("data", nil)
			must(t, err)
			h := &held{pc: &pion{pc: pc, prefix: "i"}, polite: polite}
			mid := read(offer(t, h).SDP).lines[0].mid
			answer := func(text string) {
				t.Helper()
				must(t, h.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: text}))
			}
			answer(described(dataSection(mid)))
			ufrag := h.ufrag
			offer(t, h)
			answer(sdp.Rejecting([]sdp.Section{{Mid: mid, Kind: "application"}}).String())
			h.polite = true // and holds it
			offer(t, h)
			answered(t, h, described(rejection("application", mid)))
			if h.ufrag != ufrag || !slices.Equal(h.remote, []string{"theirs"}) {
				t.Errorf("the credentials became %q and %q", h.ufrag, h.remote)
			}
			again := strings.Replace(dataSection("again"), "a=setup:active", "a=setup:actpass", 1)
			must(t, h.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: described(rejection("application", mid), again)}))
			if role := read(offer(t, h).SDP).setup; role != "passive" {
				t.Errorf("the DTLS role became %q", role)
			}
		})
	}
}

// TestAttachAgain attaches to a connection that has negotiated before.
func TestAttachAgain(t *testing.T) {
	attach := func(t *testing.T, pc *webrtc.PeerConnection) error {
		theirs := *pc.CurrentRemoteDescription()
		s, err := Attach(pc, false, func(Message) {})
		if err == nil {
			s.Close()
			<-s.Done()
		}
		if *pc.CurrentRemoteDescription() != theirs { // as parsed, too: pion may be reading that
			t.Error("what pion knows of the other side has changed")
		}
		return err
	}
	t.Run("plain pion has rejected a section", func(t *testing.T) {
		pc := offlineWith(t, opus)
		defer pc.Close()
		must(t, pc.SetRemoteDescription(goodOffer(t, webrtc.RTPCodecTypeVideo)))
		answer, err := pc.CreateAnswer(nil)
		must(t, err)
		must(t, pc.SetLocalDescription(answer))
		if err := attach(t, pc); !errors.Is(err, ErrWedged) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("a section was rejected, and data came later", func(t *testing.T) {
		pc := offlineWith(t, opus)
		defer pc.Close()
		h := &held{pc: &pion{pc: pc, prefix: "i"}}
		answered(t, h, described(mediaSection("video", "0", "VP8/90000")))
		_, err := pc.CreateDataChannel("data", nil)
		must(t, err)
		lines := read(offer(t, h).SDP).lines
		if len(lines) != 2 || lines[1].mid == "0" {
			t.Fatalf("offered %+v", lines)
		}
		must(t, h.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer,
			SDP: described(rejection("video", "0"), dataSection(lines[1].mid))}))
		must(t, attach(t, pc))

		p := &pion{pc: pc, prefix: "i"}
		before, err := p.past()
		must(t, err)
		h = &held{pc: p}
		must(t, h.adopt(before))
		if again := read(offer(t, h).SDP).lines; !slices.EqualFunc(again, lines, func(a, b line) bool { return a.mid == b.mid }) {
			t.Errorf("offered %+v, and then %+v", lines, again)
		}
	})
	t.Run("the last Session has not ended", func(t *testing.T) {
		pc := offline(t)
		defer pc.Close()
		before, err := Attach(pc, false, func(Message) {})
		must(t, err)
		busy, free := make(chan struct{}), make(chan struct{})
		go before.Do(func() error {
			close(busy)
			<-free
			return nil
		})
		<-busy
		before.Close()
		gathered := make(chan struct{})
		s, err := Attach(pc, false, func(m Message) {
			if m.Description == nil {
				close(gathered)
			}
		})
		must(t, err)
		close(free)
		<-before.Done()
		must(t, s.Do(func() error { _, err := pc.CreateDataChannel("data", nil); return err }))
		<-gathered
		s.Close()
		<-s.Done()
	})
}

// TestTheirMidIsOurs has the other side give a section, which pion has no codec for,
// the mid that we would give next.
func TestTheirMidIsOurs(t *testing.T) {
	pc := offlineWith(t, opus, vp8)
	defer pc.Close()
	h := &held{pc: &pion{pc: pc, prefix: "i"}}
	answered(t, h, described(mediaSection("audio", "i0", "nope/8000"), dataSection("1")))
	_, err := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo)
	must(t, err)
	if lines := read(offer(t, h).SDP).lines; len(lines) != 3 || lines[2].mid == "i0" {
		t.Errorf("offered %+v", lines)
	}
}

// TestASectionAlone offers one section, or two. pion sees another one where it might
// take for media of that section what it receives.
func TestASectionAlone(t *testing.T) {
	video := mediaSection("video", "0", "VP8/90000")
	for _, c := range []struct {
		name     string
		ours     bool // there is a transceiver
		sections []string
		seen     int
	}{
		{"data", false, []string{dataSection("0")}, 1},
		{"data, and media here", true, []string{dataSection("0")}, 2},
		{"media", false, []string{video}, 2},
		{"media and data", true, []string{video, dataSection("1")}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			pc := offlineWith(t, opus, vp8)
			defer pc.Close()
			if c.ours {
				_, err := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeAudio)
				must(t, err)
			}
			answer := answered(t, &held{pc: &pion{pc: pc, prefix: "i"}}, described(c.sections...))
			if n := len(read(pc.CurrentRemoteDescription().SDP).lines); n != c.seen || len(answer) != len(c.sections) {
				t.Errorf("pion sees %d sections, and %d are answered", n, len(answer))
			}
		})
	}
}
