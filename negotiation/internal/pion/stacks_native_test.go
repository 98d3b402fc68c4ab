//go:build !js

package pion

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/held"
	"perfect-negotiation/negotiation/internal/sdp"
	"perfect-negotiation/negotiation/trace"
)

// TestOtherStacks gives a Session the recorded offers of other stacks, one after the
// other.
func TestOtherStacks(t *testing.T) {
	for name, right := range map[string]func(t *testing.T, answers []*sdp.Description){
		"recycled-section": func(t *testing.T, answers []*sdp.Description) {
			last, offer := answers[2], answers[3]
			for _, d := range answers {
				saysOnce(t, d)
			}
			if len(last.Media) != 2 || last.Media[1].Rejected || len(offer.Media) != 2 || offer.Media[1].Mid != "1" {
				t.Errorf("answered\n%s\nand offered\n%s", last, offer)
			}
			if was, is := last.Media[1].Values("extmap"), offer.Media[1].Values("extmap"); !slices.Equal(was, is) {
				t.Errorf("the extensions were %q, and are %q", was, is)
			}
		},
		"no-bundle-one-section": func(t *testing.T, answers []*sdp.Description) {
			if m := answers[0].Media[0]; m.Rejected || answers[0].Bundle() != nil {
				t.Errorf("answered\n%s", answers[0])
			}
		},
		"codec-set-changes": func(t *testing.T, answers []*sdp.Description) {
			if m := answers[1].Media[0]; m.Rejected || !slices.Equal(m.Formats(), []string{"98"}) || !strings.HasPrefix(m.Values("rtpmap")[0], "98 VP9/") {
				t.Errorf("answered\n%s", answers[1])
			}
		},
		"pt-differs-between-sections": func(t *testing.T, answers []*sdp.Description) {
			for i, formats := range []string{"111", "109"} {
				if m := answers[0].Media[i]; m.Rejected || !slices.Equal(m.Formats(), []string{formats}) {
					t.Errorf("answered\n%s", answers[0])
				}
			}
		},
		"pt-renumbered": func(t *testing.T, answers []*sdp.Description) {
			for i, formats := range []string{"100", "96"} {
				if m := answers[i].Media[0]; m.Rejected || !slices.Equal(m.Formats(), []string{formats}) {
					t.Errorf("answered\n%s", answers[i])
				}
			}
		},
		"no-mid": func(t *testing.T, answers []*sdp.Description) {
			if answers[0].Media[0].Rejected {
				t.Errorf("answered\n%s", answers[0])
			}
		},
		"static-pt-without-rtpmap": func(t *testing.T, answers []*sdp.Description) {
			if m := answers[0].Media[0]; m.Rejected || !slices.Equal(m.Formats(), []string{"96", "0", "8"}) {
				t.Errorf("answered\n%s", answers[0])
			}
		},
		"ice-pwd-of-the-session": func(t *testing.T, answers []*sdp.Description) {
			if answers[0].Media[0].Rejected {
				t.Errorf("answered\n%s", answers[0])
			}
		},
	} {
		for _, polite := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s polite %v", name, polite), func(t *testing.T) {
				pc := offlineFrom(t, withExtensions(t), webrtc.Configuration{})
				defer pc.Close()
				h := held.New(New(pc, polite), polite, false)
				var answers []*sdp.Description
				for n := 1; ; n++ {
					text, err := os.ReadFile(filepath.Join("testdata", "sdp", name, fmt.Sprintf("offer%d.sdp", n)))
					if err != nil && n > 1 {
						break
					}
					must(t, err)
					answers = append(answers, answer(t, h, string(text)))
				}
				h.Polite = true // and holds its offer
				right(t, append(answers, offer(t, h)))
				h.Pending = nil
				goesOn(t, h, name)
			})
		}
	}
}

const (
	midURI         = "urn:ietf:params:rtp-hdrext:sdes:mid"
	twccURI        = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
	orientationURI = "urn:3gpp:video-orientation"
)

// withExtensions has all codecs, and some header extensions.
func withExtensions(t *testing.T) *webrtc.MediaEngine {
	media := &webrtc.MediaEngine{}
	must(t, media.RegisterDefaultCodecs())
	for _, uri := range []string{midURI, twccURI, orientationURI} {
		for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo} {
			must(t, media.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: uri}, kind))
		}
	}
	return media
}

// saysOnce looks whether each section says each extension and each id once, and whether
// all sections mean the same by an id.
func saysOnce(t *testing.T, d *sdp.Description) {
	t.Helper()
	means := map[string]string{}
	for _, m := range d.Media {
		seen := map[string]bool{}
		for _, extension := range m.Extensions {
			id, uri, _ := strings.Cut(extension, " ")
			if seen[id] || seen[uri] || means[id] != "" && means[id] != uri || means[uri] != "" && means[uri] != id {
				t.Errorf("%q comes twice in\n%s", extension, d)
			}
			seen[id], seen[uri], means[id], means[uri] = true, true, uri, id
		}
	}
}

// TestSectionsEnd and others take their places, with other header extensions. Our offers say
// of each section what was negotiated there, and nothing of those that have ended.
func TestSectionsEnd(t *testing.T) {
	section := func(kind, mid string, extensions ...string) string {
		text := map[string]string{"audio": mediaSection("audio", mid, "opus/48000/2"), "video": strings.ReplaceAll(mediaSection("video", mid, "VP8/90000"), "100", "101")}[kind]
		for _, e := range extensions {
			text += "a=extmap:" + e + "\r\n"
		}
		return text
	}
	data := dataSection("d")
	for name, c := range map[string]struct {
		offers  []string
		mids    string   // of our next offer; those that are rejected in brackets
		extmaps []string // of its last section
	}{
		"audio, and then video in its place": {[]string{
			described(data, section("audio", "0", "4 "+midURI, "3 "+twccURI)),
			described(data, rejection("audio", "0")),
			described(data, section("video", "1", "9 "+midURI, "4 "+twccURI, "3 "+orientationURI, "5 urn:x")),
		}, "d 1", nil},
		"video, and then audio in its place": {[]string{
			described(data, section("video", "0", "9 "+midURI, "4 "+twccURI, "3 "+orientationURI)),
			described(data, rejection("video", "0")),
			described(data, section("audio", "1", "4 "+midURI, "3 "+twccURI)),
		}, "d 1", nil},
		"the same numbers": {[]string{
			described(data, section("audio", "0", "4 "+midURI, "3 "+twccURI)),
			described(data, rejection("audio", "0")),
			described(data, section("video", "1", "4 "+midURI, "3 "+twccURI, "7 "+orientationURI)),
		}, "d 1", []string{"3 " + twccURI, "4 " + midURI, "7 " + orientationURI}},
		"it has ended, and nothing more": {[]string{
			described(data, section("audio", "0", "4 "+midURI)),
			described(data, rejection("audio", "0")),
		}, "d (0)", nil},
		"another section has more": {[]string{
			described(data, section("video", "0", "4 "+midURI, "7 "+orientationURI), section("video", "1", "4 "+midURI)),
		}, "d 0 1", []string{"4 " + midURI}},
		"a number that only means something elsewhere": {[]string{
			described(data, section("audio", "0", "4 urn:x")),
			described(data, section("audio", "0", "4 urn:x"), section("video", "1", "5 "+midURI)),
		}, "d 0 1", []string{"5 " + midURI}},
		"two sections in a row": {[]string{
			described(data, section("audio", "0", "4 "+midURI)),
			described(data, rejection("audio", "0")),
			described(data, section("video", "1", "4 "+midURI)),
			described(data, rejection("video", "1")),
			described(data, section("audio", "2", "4 "+midURI)),
		}, "d 2", []string{"4 " + midURI}},
	} {
		for _, sends := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s sends %v", name, sends), func(t *testing.T) {
				pc := offlineFrom(t, withExtensions(t), webrtc.Configuration{})
				defer pc.Close()
				h := held.New(New(pc, true), true, false)
				for i, o := range c.offers {
					saysOnce(t, answer(t, h, o))
					if sends && i == 0 { // in the section that will end
						track, err := webrtc.NewTrackLocalStaticSample(opus, "track", "stream")
						must(t, err)
						_, err = pc.AddTrack(track)
						must(t, err)
					}
				}
				o := offer(t, h)
				saysOnce(t, o)
				var mids []string
				for _, m := range o.Media {
					switch {
					case m.Rejected:
						mids = append(mids, "("+m.Mid+")")
					case !strings.HasPrefix(m.Mid, "p"):
						mids = append(mids, m.Mid)
					}
				}
				extmaps := o.Media[len(strings.Fields(c.mids))-1].Values("extmap")
				slices.Sort(extmaps)
				if strings.Join(mids, " ") != c.mids || !slices.Equal(extmaps, c.extmaps) {
					t.Errorf("offered %q with %q at last", mids, extmaps)
				}
				h.Pending = nil
				goesOn(t, h, name)
			})
		}
	}
}

// TestWithoutBundle offers several sections without a shared transport. pion has one
// transport: the first section is accepted and the others are rejected, which is
// reported once.
// https://www.rfc-editor.org/rfc/rfc8829#section-5.3.1
func TestWithoutBundle(t *testing.T) {
	audio, video, data := mediaSection("audio", "a", "opus/48000/2"), strings.ReplaceAll(mediaSection("video", "v", "VP8/90000"), "100", "101"), dataSection("d")
	for _, c := range []struct {
		name     string
		group    string
		sections []string
		taken    []string
	}{
		{"data alone", "", []string{data}, []string{"d"}},
		{"data first", "", []string{data, audio, video}, []string{"d"}},
		{"media first", "", []string{audio, data}, []string{"a"}},
		{"after one that is rejected", "", []string{rejection("audio", "a"), video, data}, []string{"v"}},
		{"some are in the group", "a=group:BUNDLE d a\r\n", []string{audio, video, data}, []string{"a", "d"}},
		{"another group is first", "a=group:LS a v\r\na=group:BUNDLE a v d\r\n", []string{audio, video, data}, []string{"a", "v", "d"}},
		{"a group of nothing", "a=group:BUNDLE\r\n", []string{audio, data}, []string{"a"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			pc := offlineWith(t, opus, vp8)
			defer pc.Close()
			p := New(pc, false)
			var told []trace.Code
			p.rejected = func(err error) { told = append(told, trace.CodeOf(err)) }
			h := held.New(p, false, false)
			_, rest, _ := strings.Cut(described(c.sections...), "a=ice-ufrag")
			text := "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n" + c.group + "a=ice-ufrag" + rest
			for range 2 {
				a := answer(t, h, text)
				var taken []string
				for _, m := range a.Media {
					if !m.Rejected {
						taken = append(taken, m.Mid)
					}
				}
				if group := a.Bundle(); !slices.Equal(taken, c.taken) || (group != nil) != strings.Contains(c.group, "BUNDLE a") && (group != nil) != strings.Contains(c.group, "BUNDLE d") {
					t.Errorf("took %q and not %q:\n%s", taken, c.taken, a)
				}
			}
			outside := 0
			for _, s := range sdp.Parse(text).Sections() {
				if !s.Rejected && !slices.Contains(c.taken, s.Mid) {
					outside++
				}
			}
			if len(told) != outside || outside > 0 && told[0] != trace.NotBundled {
				t.Errorf("told %q", told)
			}
			goesOn(t, h, c.name)
		})
	}
}

// TestAnAnswerWithoutBundle has the other side answer without BUNDLE. The first
// section is in use, and pion waits for no media in the others.
func TestAnAnswerWithoutBundle(t *testing.T) {
	for _, polite := range []bool{true, false} {
		pc := offlineWith(t, opus)
		defer pc.Close()
		_, err := pc.CreateDataChannel("data", nil)
		must(t, err)
		_, err = pc.AddTransceiverFromKind(webrtc.RTPCodecTypeAudio)
		must(t, err)
		h := held.New(New(pc, polite), polite, false)
		o := offer(t, h)
		var sections []string
		for _, m := range o.Media {
			if m.Kind == "audio" {
				sections = append(sections, strings.ReplaceAll(mediaSection("audio", m.Mid, "opus/48000/2"), "100", "96"))
			} else {
				sections = append(sections, dataSection(m.Mid))
			}
		}
		before, after, _ := strings.Cut(described(sections...), "a=group")
		_, after, _ = strings.Cut(after, "\r\n")
		must(t, h.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: before + after}))
		goesOn(t, h, "an answer without BUNDLE")
	}
}

// TestALineThatPionCannotRead adds such a line to an offer. Only that format,
// extension or section may be lost.
func TestALineThatPionCannotRead(t *testing.T) {
	audio, video, data := mediaSection("audio", "a", "opus/48000/2"), strings.ReplaceAll(mediaSection("video", "v", "VP8/90000"), "100", "101"), dataSection("d")
	good := described(audio, video, data)
	session := func(line string) string { return strings.Replace(good, "s=-\r\n", "s=-\r\n"+line+"\r\n", 1) }
	in := func(line string) string { return strings.Replace(good, "a=mid:a\r\n", "a=mid:a\r\n"+line+"\r\n", 1) }
	const all, noAudio = "a v d", "v d"
	for name, c := range map[string]struct{ text, taken, not string }{
		"an extension id that is too large":   {in("a=extmap:4096 urn:x"), all, "urn:x"},
		"an extension id of 255":              {in("a=extmap:255 urn:x"), all, "urn:x"},
		"an extension id that is no number":   {in("a=extmap:x urn:x"), all, "urn:x"},
		"an extension without a URI":          {in("a=extmap:5"), all, "extmap:5"},
		"an extension of a strange direction": {in("a=extmap:5/up urn:x"), all, "urn:x"},
		"a payload type without rtpmap":       {strings.Replace(good, "SAVPF 100", "SAVPF 13 100 35", 1), all, " 35"},
		"a payload type that is too large":    {strings.Replace(good, "SAVPF 100", "SAVPF 300 100", 1), all, " 300"},
		"a payload type that is no number":    {strings.Replace(good, "SAVPF 100", "SAVPF x 100", 1), all, " x "},
		"a payload type twice":                {strings.Replace(good, "SAVPF 100", "SAVPF 100 100", 1), all, "100 100"},
		"no payload type that can be read":    {strings.Replace(good, "SAVPF 100", "SAVPF 13", 1), noAudio, " 13"},
		"no payload type":                     {strings.Replace(good, "SAVPF 100", "SAVPF", 1), noAudio, "opus"},
		"an rtpmap that cannot be read":       {strings.Replace(good, "a=rtpmap:100 opus/48000/2", "a=rtpmap:100 opus/fast", 1), noAudio, "opus"},
		"a retransmission of nothing":         {strings.Replace(in("a=rtpmap:99 rtx/48000\r\na=fmtp:99 apt=x"), "SAVPF 100", "SAVPF 100 99", 1), all, " 99"},
		"a kind of media that is unknown":     {strings.Replace(good, "m=audio", "m=message", 1), noAudio, "opus"},
		"a kind of media that nobody knows":   {strings.Replace(good, "m=audio", "m=smell", 1), noAudio, "opus"},
		"a port that is too large":            {strings.Replace(good, "m=audio 9 ", "m=audio 99999 ", 1), all, " 99999"},
		"a protocol that is answered":         {strings.Replace(good, "m=audio 9 UDP/TLS/RTP/SAVPF", "m=audio 9 RTP/SAVPF", 1), all, "m=audio 9 UDP"},
		"an address that cannot be read":      {strings.Replace(good, "c=IN IP4 0.0.0.0", "c=IN IP9 here", 1), all, "IP9"},
		"an origin that cannot be read":       {strings.Replace(good, "o=- 1 1 IN IP4 0.0.0.0", "o=me", 1), all, "o=me"},
		"a bandwidth that cannot be read":     {session("b=AS:much"), all, "much"},
		"a time zone":                         {session("z=x"), all, "z=x"},
		"a line of an unknown type":           {session("x=y"), all, "x=y"},
		"lines in another order":              {session("a=x:y\r\ni=what this is about"), all, "about"},
		"an SSRC that is no number":           {in("a=ssrc:x cname:y"), all, "cname:y"},
		"a fingerprint of a hash to come":     {strings.Replace(good, "a=fingerprint:sha-256", "a=fingerprint:sha3-256 00\r\na=fingerprint:sha-256", 1), all, "sha3"},
		"credentials of another section":      {in("a=ice-ufrag:x\r\na=ice-pwd:y\r\na=fingerprint:z"), strings.Replace(all, "a ", "a ", 1), "fingerprint:z"},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "credentials of another section" {
				c.text = strings.Replace(c.text, "BUNDLE a v d", "BUNDLE d v a", 1)
			}
			pc := offlineWith(t, opus, vp8)
			defer pc.Close()
			h := held.New(New(pc, false), false, false)
			for range 2 {
				a := answer(t, h, c.text)
				var taken []string
				for _, m := range a.Media {
					if !m.Rejected {
						taken = append(taken, m.Mid)
					}
				}
				_, said, _ := strings.Cut(a.String(), "\r\ns=") // after the origin, whose number is random
				if strings.Join(taken, " ") != c.taken || strings.Contains(said, c.not) || len(a.Media) != 3 {
					t.Errorf("took %q:\n%s", taken, a)
				}
			}
			goesOn(t, h, name)
		})
	}
}

// TestTheCodecsOfASectionChange changes the codecs of a section that has a track of
// ours, and changes them back.
// https://www.rfc-editor.org/rfc/rfc3264#section-8.3.2
func TestTheCodecsOfASectionChange(t *testing.T) {
	vp9 := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP9, ClockRate: 90000}
	section := func(payload, codec string) string {
		return described(strings.ReplaceAll(mediaSection("video", "v", codec+"/90000"), "100", payload))
	}
	for _, c := range []struct {
		name    string
		wish    []webrtc.RTPCodecCapability // set by the application; nil: none
		offered [][2]string
		taken   []bool
	}{
		{"another codec", nil, [][2]string{{"96", "VP8"}, {"98", "VP9"}, {"96", "VP8"}}, []bool{true, true, true}},
		{"another number", nil, [][2]string{{"96", "VP8"}, {"98", "VP8"}, {"96", "VP8"}}, []bool{true, true, true}},
		{"a codec that we lack", nil, [][2]string{{"96", "VP8"}, {"98", "H264"}}, []bool{true, false}},
		{"a codec that the application does not want", []webrtc.RTPCodecCapability{vp8}, [][2]string{{"96", "VP8"}, {"98", "VP9"}}, []bool{true, false}},
		{"a codec that the application wants", []webrtc.RTPCodecCapability{vp9, vp8}, [][2]string{{"96", "VP8"}, {"98", "VP9"}}, []bool{true, true}},
	} {
		for _, ours := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s ours %v", c.name, ours), func(t *testing.T) {
				pc := offlineWith(t, vp8, vp9)
				defer pc.Close()
				if ours || c.wish != nil {
					track, err := webrtc.NewTrackLocalStaticSample(vp8, "track", "stream")
					must(t, err)
					transceiver, err := pc.AddTransceiverFromTrack(track)
					must(t, err)
					var wish []webrtc.RTPCodecParameters
					for _, w := range c.wish {
						wish = append(wish, webrtc.RTPCodecParameters{RTPCodecCapability: w})
					}
					must(t, transceiver.SetCodecPreferences(wish))
				}
				p := New(pc, false)
				p.renumber = func(uint32, *Numbering) {}
				h := held.New(p, false, false)
				for i, o := range c.offered {
					m := answer(t, h, section(o[0], o[1])).Media[0]
					if m.Rejected == c.taken[i] || !m.Rejected && (!slices.Equal(m.Formats(), []string{o[0]}) || !strings.HasPrefix(m.Values("rtpmap")[0], o[0]+" "+o[1]+"/")) {
						t.Errorf("answered to %s as %s\n%q %q", o[1], o[0], m.Formats(), m.Values("rtpmap"))
					}
				}
				goesOn(t, h, c.name)
			})
		}
	}
}

// TestLeniency applies offers that browsers accept.
func TestLeniency(t *testing.T) {
	audio, data := mediaSection("audio", "a", "opus/48000/2"), dataSection("d")
	const group = "a=group:BUNDLE a d\r\n"
	good := described(audio, data)
	without := strings.NewReplacer(group, "", "a=mid:a\r\n", "", "a=mid:d\r\n", "").Replace(good)
	simulcast := "a=msid:s t\r\na=ssrc-group:SIM 1 2 3\r\na=ssrc-group:FID 1 4\r\na=ssrc-group:FID 2 5\r\na=ssrc-group:FID 3 6\r\n"
	for n := 1; n <= 6; n++ {
		simulcast += fmt.Sprintf("a=ssrc:%d cname:c\r\na=ssrc:%d msid:s t\r\n", n, n)
	}
	for name, c := range map[string]struct {
		text  string
		taken int
	}{
		"no mids":                           {without, 1}, // and therefore no BUNDLE
		"the password is in the session":    {strings.NewReplacer("a=ice-ufrag:theirs\r\n", "", "a=mid:a\r\n", "a=mid:a\r\na=ice-ufrag:theirs\r\n").Replace(good), 2},
		"the ufrag is in the session":       {strings.NewReplacer("a=ice-pwd:"+somePwd+"\r\n", "", "a=mid:a\r\n", "a=mid:a\r\na=ice-pwd:"+somePwd+"\r\n").Replace(good), 2},
		"the DTLS role is in the session":   {strings.Replace(strings.ReplaceAll(good, "a=setup:active\r\n", ""), "a=group", "a=setup:active\r\na=group", 1), 2},
		"the direction is in the session":   {strings.Replace(strings.ReplaceAll(good, "a=sendrecv\r\n", ""), "a=group", "a=recvonly\r\na=group", 1), 2},
		"simulcast by SSRCs":                {strings.Replace(good, "a=mid:a\r\n", "a=mid:a\r\n"+simulcast, 1), 2},
		"the section of data has no format": {strings.Replace(good, "UDP/DTLS/SCTP webrtc-datachannel", "DTLS/SCTP 5000", 1), 2},
	} {
		t.Run(name, func(t *testing.T) {
			pc := offlineWith(t, opus)
			defer pc.Close()
			h := held.New(New(pc, false), false, false)
			var mids string
			for range 2 {
				a := answer(t, h, c.text)
				taken, now := 0, ""
				for _, m := range a.Media {
					if !m.Rejected {
						now += m.Mid + " "
						taken++
					}
				}
				if taken != c.taken || mids != "" && now != mids || a.Setup() == "actpass" {
					t.Errorf("answered\n%s", a)
				}
				mids = now
			}
			goesOn(t, h, name)
		})
	}
}

// TestMidsAreGivenAnew assigns new mids where a section without one takes the place
// of a stopped one, and where the other side has used the mid that would be next.
func TestMidsAreGivenAnew(t *testing.T) {
	pc := offlineWith(t, opus, vp8)
	defer pc.Close()
	h := held.New(New(pc, false), false, false)
	plain := func(section string) string { return strings.Replace(section, "a=mid:\r\n", "", 1) }
	audio, video := plain(mediaSection("audio", "", "opus/48000/2")), plain(strings.ReplaceAll(mediaSection("video", "", "VP8/90000"), "100", "101"))
	without := func(text string) string {
		before, after, _ := strings.Cut(text, "a=group")
		_, after, _ = strings.Cut(after, "\r\n")
		return before + after
	}
	first := answer(t, h, without(described(audio))).Media[0]
	answer(t, h, without(described(strings.Replace(audio, "m=audio 9", "m=audio 0", 1), dataSection("m1"))))
	second := answer(t, h, without(described(video, dataSection("m1"))))
	if m := second.Media[0]; m.Mid == "" || m.Mid == first.Mid || m.Mid == "m1" || m.Rejected || second.Media[1].Mid != "m1" {
		t.Errorf("after the mid %q answered\n%s", first.Mid, second)
	}
}

// TestAWholeLineAsCandidate adds a candidate as libdatachannel sends it, with the
// whole line.
func TestAWholeLineAsCandidate(t *testing.T) {
	pc := offlineWith(t, opus)
	defer pc.Close()
	h := held.New(New(pc, false), false, false)
	answered(t, h, described(dataSection("0")))
	for _, text := range []string{"candidate:1 1 UDP 1 192.0.2.1 9 typ host", "a=candidate:1 1 UDP 1 192.0.2.1 9 typ host", "a=candidate:2 1 UDP 1 192.0.2.2 9 typ host\r\n"} {
		must(t, h.AddICECandidate(&webrtc.ICECandidateInit{Candidate: text}))
	}
	if len(h.Candidates.Generation) != 2 {
		t.Errorf("used %q", h.Candidates.Generation)
	}
}
