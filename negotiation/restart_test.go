package negotiation_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
)

// TestRestart restarts ICE, alone and against what the other side does at the
// same time. What is said meanwhile comes, once and in order.
func TestRestart(t *testing.T) {
	nothing := func(*side) {}
	for _, c := range []struct {
		name  string
		other func(*side)
	}{
		{"alone", nothing},
		{"against an offer", func(s *side) { s.s.Renegotiate() }},
		{"against a restart", func(s *side) { s.s.RestartICE() }},
	} {
		for _, who := range []string{"polite", "impolite"} {
			t.Run(strings.ReplaceAll(who+" "+c.name, " ", "_"), func(t *testing.T) {
				p, i := pair(t)
				p.connect("data")
				channels := map[*side]*webrtc.DataChannel{p: p.channel(), i: i.channel()}
				p.negotiated()
				i.negotiated()
				before := credentials(p.pc.CurrentLocalDescription())
				collide := c.name != "alone"
				if collide {
					p.deafen()
					i.deafen()
				}
				both(p, i, func(s *side) {
					if s.name == who {
						s.s.RestartICE()
					} else {
						c.other(s)
					}
					for n := range 100 {
						if err := channels[s].SendText(fmt.Sprint(n)); err != nil {
							t.Error(err)
						}
					}
				})
				for range 2 {
					p.negotiated()
					i.negotiated()
				}
				for _, s := range []*side{p, i} {
					for n := range 100 {
						if got := <-s.messages; got != fmt.Sprint(n) {
							t.Fatalf("%s: message %d is %q", s.name, n, got)
						}
					}
				}
				if after := credentials(p.pc.CurrentLocalDescription()); after == before {
					t.Error("the credentials are as before")
				}
				if collide && (p.count(negotiation.CollisionRollback) != 1 || i.count(negotiation.CollisionIgnored) != 1) {
					t.Error("the offers did not collide once")
				}
			})
		}
	}
}

// credentials returns the ufrag.
func credentials(d *webrtc.SessionDescription) string {
	_, after, _ := strings.Cut(d.SDP, "a=ice-ufrag:")
	ufrag, _, _ := strings.Cut(after, "\r\n")
	return ufrag
}
