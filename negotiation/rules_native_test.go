//go:build !js

package negotiation_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/trace"
)

// TestAnOfferOfTheApplication has the application call CreateOffer while ours is
// held. pion then does not take ours any more.
func TestAnOfferOfTheApplication(t *testing.T) {
	for _, c := range []struct {
		name    string
		options *webrtc.OfferOptions
		fails   int
	}{
		{"that says the same", nil, 0},
		{"that says another thing", &webrtc.OfferOptions{ICERestart: true}, 1},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			p, i := pair(t)
			if c.fails > 0 {
				p.expected = trace.OfferFailed
			}
			p.connect("data")
			p.channel()
			i.deafen()
			p.add("audio")
			p.until(trace.OfferSending, 2)
			if _, err := p.pc.CreateOffer(c.options); err != nil {
				t.Fatal(err)
			}
			i.mu.Lock()
			i.hear()
			i.mu.Unlock()
			p.negotiated()
			if n := p.count(trace.OfferFailed); n != c.fails {
				t.Errorf("%d offers failed", n)
			}
			i.connect("more")
			p.channel()
		})
	}
}

// TestAHeldOfferHasCandidates, which pion gathers before there is an offer. No event
// tells that it has one.
func TestAHeldOfferHasCandidates(t *testing.T) {
	p, i := pair(t)
	i.deafen()
	gathered := func() bool {
		for _, s := range p.pc.GetStats() {
			if c, is := s.(webrtc.ICECandidateStats); is && c.Type == webrtc.StatsTypeLocalCandidate {
				return true
			}
		}
		return false
	}
	for begin := time.Now(); !gathered(); time.Sleep(time.Millisecond) {
		if time.Since(begin) > 20*time.Second {
			t.Fatal("no candidates")
		}
	}
	p.connect("data")
	p.until(trace.StateChanged, 1) // after it was sent
	i.mu.Lock()
	defer i.mu.Unlock()
	if text := i.waiting[0].Description.SDP; !strings.Contains(text, "a=candidate:") {
		t.Errorf("no candidates in\n%s", text)
	}
}
