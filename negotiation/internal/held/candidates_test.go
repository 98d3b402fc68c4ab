package held

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/trace"
)

func TestCandidatesOfTheRemoteDescriptionOnly(t *testing.T) {
	b := newBare(data)
	h := New(b, false, false)
	candidate := func(ufrag string) error {
		return h.AddICECandidate(&webrtc.ICECandidateInit{Candidate: "candidate:1 1 udp 1 127.0.0.1 9 typ host", UsernameFragment: &ufrag})
	}
	if err := candidate("theirs"); !errors.Is(err, ErrNoRemoteDescription) {
		t.Errorf("before any description: %v", err)
	}
	must(t, h.SetRemoteDescription(remoteOffer("theirs")))
	must(t, candidate("theirs"))
	must(t, h.AddICECandidate(nil))
	if err := candidate("other"); !errors.Is(err, ErrUnknownUfrag) {
		t.Errorf("of another generation: %v", err)
	}
	inText := webrtc.ICECandidateInit{Candidate: "candidate:1 1 udp 1 127.0.0.1 9 typ host ufrag other"}
	if err := h.AddICECandidate(&inText); !errors.Is(err, ErrUnknownUfrag) {
		t.Errorf("of another generation, in the text: %v", err)
	}
	ufrag := "theirs"
	inText.UsernameFragment = &ufrag
	if err := h.AddICECandidate(&inText); !errors.Is(err, ErrUnknownUfrag) {
		t.Errorf("of another generation, in the text alone: %v", err)
	}
	expect(t, b, "remote offer", "candidate", "candidate")
}

// TestManyCandidates sends candidates in descriptions and one by one, repeatedly:
// those beyond the limits are left out, and the others are used.
func TestManyCandidates(t *testing.T) {
	b := newBare(data)
	h := New(b, false, false)
	left := 0
	h.LeftOut = func(error) { left++ }
	next := 0
	described := func(ufrag string, candidates int, address string) {
		t.Helper()
		d := remoteOffer(ufrag)
		for range candidates {
			next++
			d.SDP += fmt.Sprintf("a=candidate:%d 1 udp 1 %s 5000 typ host\r\n", next, strings.ReplaceAll(address, "N", fmt.Sprint(next)))
		}
		must(t, h.SetRemoteDescription(d))
		offer(t, h) // the answer
	}
	add := func(n int, address string) error {
		return h.AddICECandidate(&webrtc.ICECandidateInit{Candidate: fmt.Sprintf("candidate:%d 1 udp 1 %s 5000 typ host", n, address)})
	}
	expectUsed := func(candidates, leftOut int) {
		t.Helper()
		if len(h.Candidates.Generation) != candidates || left != leftOut {
			t.Errorf("%d candidates are used, and %d times some are left out", len(h.Candidates.Generation), left)
		}
	}
	const address, name = "192.0.2.1", "name-N.local"
	described("theirs", maxCandidates-2, address)
	described("theirs", 1, address)
	must(t, add(1, "192.0.2.1")) // a duplicate
	must(t, add(10_000, "192.0.2.1"))
	must(t, add(10_000, "192.0.2.1"))
	expectUsed(maxCandidates, 0)
	if err := add(10_001, "192.0.2.1"); !errors.Is(err, ErrRefused) || trace.CodeOf(err) != trace.TooManyCandidates {
		t.Errorf("one more: %v", err)
	}
	described("theirs", 1, address)
	expectUsed(maxCandidates, 1)
	described("other", 10*maxCandidates, address)
	expectUsed(maxCandidates, 2)

	described("named", 100, name)
	expectUsed(maxNames, 3)
	if err := add(20_000, "another.local"); !errors.Is(err, ErrRefused) || trace.CodeOf(err) != trace.TooManyNames {
		t.Errorf("one more name: %v", err)
	}
	must(t, add(20_001, "192.0.2.1"))
	for n := range 10 {
		described(fmt.Sprint("named", n), 100, name)
	}
	if len(h.Candidates.Names) != maxAllNames || len(h.Candidates.Generation) != 0 {
		t.Errorf("%d names are used, and %d of the last generation", len(h.Candidates.Names), len(h.Candidates.Generation))
	}
	must(t, add(20_002, h.Candidates.Names[0]))
	if n := strings.Count(b.remote, "a=candidate"); n != 0 {
		t.Errorf("the connection sees %d candidates of the last description", n)
	}
}

// TestCandidatesPerSection has a peer that gathers for each of ten sections, as browsers
// do by default. Their transports are one after the answer, so only the candidates of
// the tagged section count and are used.
// https://www.rfc-editor.org/rfc/rfc9143#section-10
func TestCandidatesPerSection(t *testing.T) {
	const sections, each = 10, 8
	mids := strings.Fields("0 1 2 3 4 5 6 7 8 9")
	described := func(d webrtc.SessionDescription, setup string, candidates int) webrtc.SessionDescription {
		parts := strings.SplitAfter(text("theirs", setup, 1, mids...), "a=setup:"+setup+"\r\n")
		d.SDP = parts[0]
		for i, part := range parts[1:] {
			for n := range candidates {
				d.SDP += fmt.Sprintf("a=candidate:%d%d 1 udp 1 192.0.2.%d 5000 typ host\r\n", i, n, i)
			}
			d.SDP += part
		}
		return d
	}
	for _, offers := range []bool{true, false} {
		for _, trickles := range []bool{true, false} {
			b := newBare(data)
			b.mids = mids
			h := New(b, false, false)
			h.LeftOut = func(err error) { t.Errorf("left out: %v", err) }
			inside := each
			if trickles {
				inside = 0
			}
			if offers {
				must(t, h.SetRemoteDescription(described(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer}, "actpass", inside)))
				offer(t, h) // the answer
			} else {
				offer(t, h)
				must(t, h.SetRemoteDescription(described(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer}, "active", inside)))
			}
			if trickles {
				for n := range each {
					for i := sections - 1; i >= 0; i-- { // the tagged one is last
						must(t, h.AddICECandidate(&webrtc.ICECandidateInit{SDPMid: &mids[i], Candidate: fmt.Sprintf("candidate:%d%d 1 udp 1 192.0.2.%d 5000 typ host", i, n, i)}))
					}
				}
			}
			used := b.candidates(b.remote)
			want := each
			if trickles {
				want += sections - 1 // before the first of the tagged one
			}
			tagged := 0
			for _, c := range used {
				if strings.Contains(c, " 192.0.2.0 ") {
					tagged++
				}
			}
			if tagged != each || len(used) != want || len(h.Candidates.Generation) != want {
				t.Errorf("offers %v, trickles %v: %d candidates are used, %d of them of the tagged section, and %d count", offers, trickles, len(used), tagged, len(h.Candidates.Generation))
			}
		}
	}
}

// Some stacks name a section that is not tagged. If there is no candidate of the tagged
// one, ten of those are used.
func TestCandidatesOfTheWrongSection(t *testing.T) {
	b := newBare(data)
	b.mids = []string{"0", "1"}
	h := New(b, false, false)
	must(t, h.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: text("theirs", "actpass", 1, "0", "1")}))
	offer(t, h) // the answer
	add := func(mid, candidate string) {
		t.Helper()
		must(t, h.AddICECandidate(&webrtc.ICECandidateInit{SDPMid: &mid, Candidate: candidate}))
	}
	for n := range 2 * maxAstray {
		add("1", fmt.Sprintf("candidate:%d 1 udp 1 192.0.2.1 5000 typ host", n))
	}
	add("1", "")
	if n := len(b.candidates("")); n != maxAstray {
		t.Errorf("%d candidates are used", n)
	}
	add("", "candidate:100 1 udp 1 192.0.2.1 5000 typ host") // as pion's
	add("0", "")
	if n := len(b.candidates("")); n != maxAstray+2 {
		t.Errorf("of no section and of the tagged one: %d candidates are used", n)
	}
}

// If the answer tags another section than the offer, the candidates of that one are used.
func TestCandidatesOfTheSectionThatIsTagged(t *testing.T) {
	b := newBare(data)
	b.mids, b.group = []string{"0", "1"}, "1"
	h := New(b, false, false)
	d := text("theirs", "actpass", 1, "0", "1")
	first, second, _ := strings.Cut(d, "a=mid:0\r\n")
	d = first + "a=mid:0\r\na=candidate:1 1 udp 1 192.0.2.1 5000 typ host\r\n" + second + "a=candidate:2 1 udp 1 192.0.2.2 5000 typ host\r\n"
	must(t, h.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: d}))
	offer(t, h) // the answer
	if used := b.candidates(""); !slices.Equal(used, []string{"candidate:2 1 udp 1 192.0.2.2 5000 typ host"}) {
		t.Errorf("added %q", used)
	}
}

// A candidate that is not admitted is left out, alone or in a description.
func TestCandidatesThatAreNotAdmitted(t *testing.T) {
	b := newBare(data)
	h := New(b, false, false)
	h.Admit = func(c string) error {
		if strings.HasPrefix(c, "bad ") {
			return errors.New("bad")
		}
		return nil
	}
	d := remoteOffer("theirs")
	d.SDP += "a=candidate:bad 1 udp 1 192.0.2.1 5000 typ host\r\na=candidate:good 1 udp 1 192.0.2.1 5000 typ host\r\n"
	must(t, h.SetRemoteDescription(d))
	if !strings.Contains(b.remote, "candidate:good") || strings.Contains(b.remote, "candidate:bad") {
		t.Errorf("the connection sees %q", b.remote)
	}
	if err := h.AddICECandidate(&webrtc.ICECandidateInit{Candidate: "candidate:bad 1 udp 1 192.0.2.1 5000 typ host"}); !errors.Is(err, ErrRefused) {
		t.Errorf("alone: %v", err)
	}
	expect(t, b, "remote offer")
}
