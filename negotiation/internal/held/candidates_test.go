package held

import (
	"errors"
	"fmt"
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
