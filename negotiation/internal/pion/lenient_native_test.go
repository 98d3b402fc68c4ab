//go:build !js

package pion

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/held"
	"perfect-negotiation/negotiation/internal/sdp"
)

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
				_, said, _ := strings.Cut(withoutRandom(a).String(), "\r\ns=") // after the origin, whose number is random
				if strings.Join(taken, " ") != c.taken || strings.Contains(said, c.not) || len(a.Media) != 3 {
					t.Errorf("took %q:\n%s", taken, a)
				}
			}
			goesOn(t, h, name)
		})
	}
}

// withoutRandom returns d without what is random in it, and may look like anything.
func withoutRandom(d *sdp.Description) *sdp.Description {
	d = d.Clone()
	d.Drop(func(key, _ string) bool { return key == "fingerprint" })
	for _, m := range d.Media {
		m.Drop(func(key, _ string) bool { return key == "ice-ufrag" || key == "ice-pwd" })
	}
	return d
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
