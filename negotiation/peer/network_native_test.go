//go:build !js

package peer

import (
	"strings"
	"testing"

	"github.com/pion/logging"
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/trace"
)

// Text of the other side in pion's log has no control characters.
func TestTheLogIsPrintable(t *testing.T) {
	var log strings.Builder
	offers, err := NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = offers.GracefulClose() })
	logger := logging.NewDefaultLoggerFactory()
	logger.Writer = trace.PacedWriter(10, &log)
	answers, err := newPeerConnection(webrtc.Configuration{}, logger, negotiation.NewGuard(negotiation.CandidateRules{Loopback: true}), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = answers.GracefulClose() })
	if _, err := offers.CreateDataChannel("data", nil); err != nil {
		t.Fatal(err)
	}
	offer, err := offers.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := answers.SetRemoteDescription(offer); err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(offer.SDP, "a=ice-ufrag:")
	ufrag, _, _ := strings.Cut(after, "\r\n")
	err = answers.AddICECandidate(webrtc.ICECandidateInit{
		Candidate:        "candidate:1 1 udp 1 127.0.0.1 9 typ host ufrag \x1b[31mred",
		UsernameFragment: &ufrag,
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := log.String(); !strings.Contains(got, `\x1b[31mred`) || strings.Contains(got, "\x1b") || strings.Index(got, "\n") != len(got)-1 {
		t.Errorf("it logs %q", got)
	}
}

// Loopback addresses are offered only where those of the other side are used, too.
func TestLoopbackIsOffered(t *testing.T) {
	for _, loopback := range []bool{true, false} {
		pc, _, err := guarded(webrtc.Configuration{}, negotiation.CandidateRules{Loopback: loopback}, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = pc.GracefulClose() })
		if _, err := pc.CreateDataChannel("data", nil); err != nil {
			t.Fatal(err)
		}
		offer, err := pc.CreateOffer(nil)
		if err != nil {
			t.Fatal(err)
		}
		gathered := webrtc.GatheringCompletePromise(pc)
		if err := pc.SetLocalDescription(offer); err != nil {
			t.Fatal(err)
		}
		<-gathered
		if got := strings.Contains(pc.LocalDescription().SDP, " 127.0.0.1 "); got != loopback {
			t.Errorf("loopback %t: it offers %q", loopback, pc.LocalDescription().SDP)
		}
	}
}
