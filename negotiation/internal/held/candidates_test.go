package held

import (
	"errors"
	"fmt"
	"testing"

	"github.com/pion/webrtc/v4"
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

// TestManyCandidates come in descriptions and one by one, again and again.
func TestManyCandidates(t *testing.T) {
	b := newBare(data)
	h := New(b, false, false)
	next := 0
	described := func(ufrag string, candidates int) error {
		d := remoteOffer(ufrag)
		for range candidates {
			next++
			d.SDP += fmt.Sprintf("a=candidate:%d 1 udp 1 127.0.0.1 9 typ host\r\n", next)
		}
		err := h.SetRemoteDescription(d)
		if err == nil {
			offer(t, h) // the answer
		}
		return err
	}
	add := func(n int) error {
		return h.AddICECandidate(&webrtc.ICECandidateInit{Candidate: fmt.Sprintf("candidate:%d 1 udp 1 127.0.0.1 9 typ host", n)})
	}
	must(t, described("theirs", maxCandidates-2))
	must(t, described("theirs", 1))
	must(t, add(1)) // has come before
	must(t, add(10_000))
	must(t, add(10_000))
	if err := add(10_001); !errors.Is(err, ErrRefused) {
		t.Errorf("one more: %v", err)
	}
	if err := described("theirs", 1); !errors.Is(err, ErrRefused) {
		t.Errorf("one more in an offer: %v", err)
	}
	must(t, described("other", maxCandidates))
	if err := described("another", maxCandidates+1); !errors.Is(err, ErrRefused) {
		t.Errorf("one more with other credentials: %v", err)
	}
	must(t, described("another", 0))
	must(t, add(1))
}
