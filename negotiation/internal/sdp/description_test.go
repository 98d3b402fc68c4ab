package sdp

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// FuzzParse parses any text and writes it again: nothing may be lost, and parsing the
// copy must give the same result.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", "v=0", "m=", "m=audio", "what is this?\r\n", "v=0\nm=audio 9 X 0\na=mid:0\n", "v=0\r\n\r\nm=audio 0 X 0\r\na=bundle-only",
		"v=0\r\na=group:BUNDLE 0 1\r\na=inactive\r\nm=audio 9 X 111\r\na=mid:0\r\na=extmap:1/sendonly u\r\nnot a line\r\nm=application 9 X y\r\na=mid:1\r\na=a\rb\r\n",
	} {
		f.Add(seed)
	}
	offers, err := filepath.Glob("../pion/testdata/sdp/*/*.sdp")
	if err != nil || len(offers) == 0 {
		f.Fatal("no recorded offers: ", err)
	}
	for _, offer := range offers {
		text, err := os.ReadFile(offer)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		d := Parse(text)
		if got := d.String(); got != text {
			t.Fatalf("%q became %q", text, got)
		}
		if got := d.Clone().String(); got != text {
			t.Fatalf("%q was copied as %q", text, got)
		}
		checked := d.CheckOffer(nil) == nil
		if d.String() != text {
			t.Fatalf("to check %q made it %q", text, d)
		}
		edit(d)
		again := Parse(d.String())
		if got := again.String(); got != d.String() {
			t.Fatalf("%q became %q when it was edited, and then %q", text, d, got)
		}
		if checked && !slices.EqualFunc(d.Sections(), again.Sections(), same) {
			t.Fatalf("%q has the sections %+v after edits, and is read as %+v", text, d.Sections(), again.Sections())
		}
	})
}

// edit makes every possible edit.
func edit(d *Description) {
	before := d.Sections()
	d.FillMids([]Section{{Mid: "filled"}})
	for i, m := range d.Media {
		if m.Kind != "application" {
			m.SetDirection(Direction(i & 3))
		}
	}
	d.SetSetup("active")
	d.SetTag(nil)
	d.RenumberExtensions(before)
	d.KeepExtensions(before)
	d.CollectCandidates()
	if len(d.Media) > 0 {
		d.Rename(d.Media[0], "renamed")
		if d.Media[0].Kind != "application" { // whose direction is not read
			d.Media[0].SetKind("text")
		}
	}
	d.Media = append(d.Media, Rejection("video", "rejected"))
	d.Media[len(d.Media)-1].Direction = Inactive
}

func same(a, b Section) bool {
	return a.Mid == b.Mid && a.Kind == b.Kind && a.Rejected == b.Rejected && a.Direction == b.Direction && slices.Equal(a.Extensions, b.Extensions)
}

// TestSections checks the values of sections, including those inherited from the
// session level.
func TestSections(t *testing.T) {
	d := Parse(text("v=0|a=group:LS 9|a=group:BUNDLE 1 0 |a=recvonly|a=ice-ufrag:session|" +
		"m=audio 9 UDP/TLS/RTP/SAVPF 111 9|a=mid:0|a=extmap:2/sendonly uri x|a=ice-ufrag:own|a=candidate:1|" +
		"m=video 0 UDP/TLS/RTP/SAVPF 96|a=mid:1|a=inactive|a=bundle-only|a=setup:actpass|a=candidate:2|" +
		"m=application 0 UDP/DTLS/SCTP webrtc-datachannel|a=mid:2"))
	want := []Section{
		{Mid: "0", Kind: "audio", Direction: Recvonly, Extensions: []string{"2 uri x"}},
		{Mid: "1", Kind: "video", Direction: Inactive},
		{Mid: "2", Kind: "application", Rejected: true},
	}
	if got := d.Sections(); !slices.EqualFunc(got, want, same) {
		t.Errorf("sections %+v", got)
	}
	for what, row := range map[string]struct{ got, want string }{
		"bundle":     {strings.Join(d.Bundle(), ","), "1,0"},
		"tag":        {d.Tag(), "1"},
		"ufrag":      {d.Ufrag(), "session"},
		"ufrags":     {strings.Join(d.Ufrags(), ","), "own,session,session"},
		"setup":      {d.Setup(), "actpass"},
		"candidates": {strings.Join(d.Candidates(), ","), "1,2"},
		"formats":    {strings.Join(d.Media[0].Formats(), ","), "111,9"},
	} {
		if row.got != row.want {
			t.Errorf("%s: %q, not %q", what, row.got, row.want)
		}
	}
	alone := Parse(text("v=0|m=audio 0|a=mid:0|a=setup:active|m=audio 9|a=mid:1|a=setup:passive"))
	if setup := alone.Setup(); setup != "passive" {
		t.Errorf("without a group the transport is that of the first section that is not rejected, not %q", setup)
	}
}

func TestSameOffer(t *testing.T) {
	offer := "v=0|o=- 1 1 IN IP4 0.0.0.0|m=audio 9|a=mid:0|a=candidate:1"
	for other, want := range map[string]bool{
		offer: true,
		"v=0|o=- 1 2 IN IP4 0.0.0.0|m=audio 9|a=mid:0|a=candidate:2|a=end-of-candidates": true,
		"v=0|o=- 1 1 IN IP4 0.0.0.0|m=audio 9|a=mid:0|a=sendonly|a=candidate:1":          false,
		"v=0|o=- 1 1 IN IP4 0.0.0.0|m=audio 9|a=mid:0|m=video 9|a=mid:1":                 false,
	} {
		if got := SameOffer(Parse(text(offer)), Parse(text(other))); got != want {
			t.Errorf("%q is the same: %v", other, got)
		}
	}
}
