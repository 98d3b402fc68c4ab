//go:build !js

package pion

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/held"
	"perfect-negotiation/negotiation/internal/sdp"
)

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

// saysOnce checks whether each section says each extension and each id once, and whether
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
