//go:build !js

package pion

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/held"
	"perfect-negotiation/negotiation/internal/sdp"
)

// TestOfferedCodecs offers a codec to a connection that has one. A section without a
// common codec is rejected, and the connection goes on.
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
			h := held.New(&Connection{pc: pc, prefix: "i"}, false, false)
			answer := answered(t, h, described(mediaSection(kind, "0", c.offered), dataSection("1")))
			if len(answer) != 2 || answer[0].Rejected == c.taken || answer[1].Rejected {
				t.Errorf("answered %+v", answer)
			}
			goesOn(t, h, c.offered)
		})
	}
}

// TestCoarseClock removes codecs from the statistics, as happens if the clock gives
// several of them the same time. Then no codec may count as missing from pion.
func TestCoarseClock(t *testing.T) {
	for offered, taken := range map[string]bool{"VP8/90000": true, "H264/90000": false} {
		t.Run(strings.ReplaceAll(offered, "/", " "), func(t *testing.T) {
			pc := offlineWith(t, vp8)
			defer pc.Close()
			h := held.New(&Connection{pc: pc, prefix: "i", codecs: []codec{}, incomplete: true}, false, false)
			answer := answered(t, h, described(mediaSection("video", "0", offered), dataSection("1")))
			if len(answer) != 2 || answer[0].Mid != "0" || answer[0].Rejected == taken || answer[1].Mid != "1" {
				t.Errorf("answered %+v", answer)
			}
		})
	}
}

// TestAnsweredCodecs answers with a codec that was not offered. pion would accept it,
// and then could not create an offer any more.
func TestAnsweredCodecs(t *testing.T) {
	for _, d := range []webrtc.RTPTransceiverDirection{webrtc.RTPTransceiverDirectionRecvonly, webrtc.RTPTransceiverDirectionSendrecv} {
		for _, polite := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s polite %v", d, polite), func(t *testing.T) {
				pc := offlineWith(t, opus, vp8)
				defer pc.Close()
				_, err := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, webrtc.RTPTransceiverInit{Direction: d})
				must(t, err)
				p := &Connection{pc: pc, prefix: "i"}
				h := held.New(p, polite, false)
				mid := offer(t, h).Media[0].Mid
				if _, err := p.Look(webrtc.SDPTypeAnswer, sdp.Parse(described(mediaSection("video", mid, "H264/90000")))); err == nil {
					t.Error("H264 is taken")
				}
				must(t, h.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: described(mediaSection("video", mid, "H264/90000", "VP8/90000"))}))
				offer(t, h)
			})
		}
	}
}

// TestPayloadTypes offers a payload type with two meanings, within the offer or
// compared with what was negotiated before. pion would fail halfway. That format is
// left out, and the section is rejected if no other is left.
func TestPayloadTypes(t *testing.T) {
	one, other := mediaSection("video", "0", "VP8/90000"), mediaSection("video", "1", "H264/90000")
	for _, c := range []struct {
		name          string
		first, second []string
		left          string // formats left in the last media section; empty: it is rejected
	}{
		{"in one offer", nil, []string{one, other}, ""},
		{"later", []string{one}, []string{one, other}, ""},
		{"in the same section", []string{one}, []string{mediaSection("video", "0", "H264/90000", "VP8/90000")}, "101"},
		{"of another kind", []string{one}, []string{one, mediaSection("audio", "1", "opus/48000/2")}, "100"},
		{"of a codec that pion lacks", []string{one}, []string{one, mediaSection("video", "1", "AV1/90000")}, ""},
		{"another payload type", []string{one}, []string{one, strings.ReplaceAll(other, "100", "110")}, "110"},
	} {
		t.Run(c.name, func(t *testing.T) {
			pc := offlineWith(t, opus, vp8, webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeH264, ClockRate: 90000})
			defer pc.Close()
			h := held.New(&Connection{pc: pc, prefix: "i"}, false, false)
			if c.first != nil {
				answered(t, h, described(c.first...))
			}
			answer := answer(t, h, described(append(c.second, dataSection("d"))...))
			m := answer.Media[len(c.second)-1]
			if m.Rejected != (c.left == "") || !m.Rejected && strings.Join(m.Formats(), " ") != c.left || answer.Media[len(c.second)].Rejected {
				t.Errorf("answered\n%s", answer)
			}
			goesOn(t, h, c.name)
		})
	}
}

// TestLastLineWithoutEnd adds lines to an offer whose last line has no line ending.
func TestLastLineWithoutEnd(t *testing.T) {
	pc := offlineWith(t, vp8)
	defer pc.Close()
	h := held.New(&Connection{pc: pc, prefix: "i"}, false, false)
	const connection = "c=IN IP4 0.0.0.0\r\n"
	section := strings.Replace(mediaSection("video", "0", "VP8/90000"), "a=sendrecv\r\n", "", 1)
	before, after, _ := strings.Cut(section, connection)
	answer := answered(t, h, described(before+after+strings.TrimSpace(connection)))
	if len(answer) != 1 || answer[0].Rejected {
		t.Errorf("answered %+v", answer)
	}
}

// TestRejectedLater has an answer, and then an offer, reject everything negotiated
// before. pion still needs credentials: the previous ones stay, and so does the DTLS
// role.
func TestRejectedLater(t *testing.T) {
	for _, polite := range []bool{true, false} {
		t.Run(fmt.Sprintf("polite %v", polite), func(t *testing.T) {
			pc := offlineWith(t, vp8)
			defer pc.Close()
			_, err := pc.CreateDataChannel("data", nil)
			must(t, err)
			h := held.New(&Connection{pc: pc, prefix: "i"}, polite, false)
			mid := offer(t, h).Media[0].Mid
			answer := func(text string) {
				t.Helper()
				must(t, h.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: text}))
			}
			answer(described(dataSection(mid)))
			ufrag := h.Ufrag
			offer(t, h)
			answer(sdp.Rejecting([]sdp.Section{{Mid: mid, Kind: "application"}}).String())
			h.Polite = true // a polite peer holds its offer
			offer(t, h)
			answered(t, h, described(rejection("application", mid)))
			if h.Ufrag != ufrag || !slices.Equal(h.Remote, []string{"theirs"}) {
				t.Errorf("the credentials became %q and %q", h.Ufrag, h.Remote)
			}
			again := strings.Replace(dataSection("again"), "a=setup:active", "a=setup:actpass", 1)
			must(t, h.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: described(rejection("application", mid), again)}))
			if role := offer(t, h).Setup(); role != "passive" {
				t.Errorf("the DTLS role became %q", role)
			}
		})
	}
}

// TestAttachAgain attaches to a connection that has negotiated before.
func TestAttachAgain(t *testing.T) {
	attach := func(t *testing.T, pc *webrtc.PeerConnection) error {
		theirs := *pc.CurrentRemoteDescription()
		_, err := Adapt(pc, false, held.Hooks{Enqueue: func(func()) {}, Recheck: func() {}})
		if *pc.CurrentRemoteDescription() != theirs { // also in parsed form, which pion may be reading
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
		if err := attach(t, pc); !errors.Is(err, held.ErrWedged) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("a section was rejected, and data came later", func(t *testing.T) {
		pc := offlineWith(t, opus)
		defer pc.Close()
		h := held.New(&Connection{pc: pc, prefix: "i"}, false, false)
		answered(t, h, described(mediaSection("video", "0", "VP8/90000")))
		_, err := pc.CreateDataChannel("data", nil)
		must(t, err)
		lines := offer(t, h).Media
		if len(lines) != 2 || lines[1].Mid == "0" {
			t.Fatalf("offered %+v", lines)
		}
		must(t, h.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer,
			SDP: described(rejection("video", "0"), dataSection(lines[1].Mid))}))
		must(t, attach(t, pc))

		p := &Connection{pc: pc, prefix: "i"}
		before, err := p.Past()
		must(t, err)
		h = held.New(p, false, false)
		must(t, h.Adopt(before))
		if again := offer(t, h).Media; !slices.EqualFunc(again, lines, func(a, b *sdp.Media) bool { return a.Mid == b.Mid }) {
			t.Errorf("offered %+v, and then %+v", lines, again)
		}
	})
}

// TestAttachAgainAfterSectionsEnded attaches when pion's own description has more sections
// than the wire: it offered one that had ended, whose place is used again. Since then
// someone may have put a track there.
func TestAttachAgainAfterSectionsEnded(t *testing.T) {
	for sections, puts := range map[int]bool{2: false, 3: true} {
		pc := offlineWith(t, opus, vp8)
		defer pc.Close()
		h := held.New(New(pc, true), true, false)
		answer(t, h, described(dataSection("d"), mediaSection("audio", "0", "opus/48000/2")))
		answer(t, h, described(dataSection("d"), rejection("audio", "0")))
		video := strings.ReplaceAll(mediaSection("video", "1", "VP8/90000"), "100", "101")
		answer(t, h, described(dataSection("d"), video))
		o := offer(t, h)
		must(t, h.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: described(dataSection("d"), video)}))
		if n := len(sdp.Parse(pc.CurrentLocalDescription().SDP).Media); len(o.Media) != 2 || n != 3 {
			t.Errorf("offered %d sections, pion %d", len(o.Media), n)
		}
		if puts {
			track, err := webrtc.NewTrackLocalStaticSample(opus, "track", "stream")
			must(t, err)
			_, err = pc.AddTrack(track)
			must(t, err)
		}
		p := New(pc, true)
		before, err := p.Past()
		must(t, err)
		h = held.New(p, true, false)
		must(t, h.Adopt(before))
		if o := offer(t, h); len(before.Local.Media) != 2 || len(before.Local.Bundle()) != 2 || len(o.Media) != sections {
			t.Errorf("it was\n%s\nand then\n%s", before.Local, o)
		}
	}
}

// TestASectionIsThereAgain has a track put where a section has ended, and taken away.
// What is negotiated then is an inactive section, not the end of one.
func TestASectionIsThereAgain(t *testing.T) {
	pc := offlineWith(t, opus)
	defer pc.Close()
	h := held.New(New(pc, true), true, false)
	live := described(dataSection("d"), mediaSection("audio", "0", "opus/48000/2"))
	answer(t, h, live)
	answer(t, h, described(dataSection("d"), rejection("audio", "0")))
	track, err := webrtc.NewTrackLocalStaticSample(opus, "track", "stream")
	must(t, err)
	sender, err := pc.AddTrack(track)
	must(t, err)
	if o := offer(t, h); len(o.Media) != 2 || o.Media[1].Mid != "0" || o.Media[1].Rejected {
		t.Fatalf("offered\n%s", o)
	}
	must(t, h.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: live}))
	must(t, pc.RemoveTrack(sender))
	if o := offer(t, h); len(o.Media) != 2 || o.Media[1].Rejected || o.Media[1].Direction != sdp.Inactive {
		t.Errorf("offered\n%s", o)
	}
}

// TestTheirMidIsOurs has the other side use the mid that we would assign next, in a
// section without a common codec.
func TestTheirMidIsOurs(t *testing.T) {
	pc := offlineWith(t, opus, vp8)
	defer pc.Close()
	h := held.New(&Connection{pc: pc, prefix: "i"}, false, false)
	answered(t, h, described(mediaSection("audio", "i0", "nope/8000"), dataSection("1")))
	_, err := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo)
	must(t, err)
	if lines := offer(t, h).Media; len(lines) != 3 || lines[2].Mid == "i0" {
		t.Errorf("offered %+v", lines)
	}
}

// TestASectionAlone offers one section, or two. pion must see another one wherever it
// might take received packets for media of a single section.
func TestASectionAlone(t *testing.T) {
	video := mediaSection("video", "0", "VP8/90000")
	for _, c := range []struct {
		name     string
		ours     bool // a transceiver exists
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
			answer := answered(t, held.New(&Connection{pc: pc, prefix: "i"}, false, false), described(c.sections...))
			if n := len(sdp.Parse(pc.CurrentRemoteDescription().SDP).Media); n != c.seen || len(answer) != len(c.sections) {
				t.Errorf("pion sees %d sections, and %d are answered", n, len(answer))
			}
		})
	}
}
