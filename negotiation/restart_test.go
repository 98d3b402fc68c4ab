package negotiation_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/trace"
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
				if collide && (p.count(trace.CollisionRollback) != 1 || i.count(trace.CollisionIgnored) != 1) {
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

// TestRestartTwice requests a restart while another one is offered: the offer
// holds credentials from before the request.
func TestRestartTwice(t *testing.T) {
	for _, who := range []string{"polite", "impolite"} {
		t.Run(who, func(t *testing.T) {
			p, i := pair(t)
			p.connect("data")
			p.channel()
			i.channel()
			p.negotiated()
			i.negotiated()
			us, them := p, i
			if who == "impolite" {
				us, them = i, p
			}
			offers := us.count(trace.OfferSending)
			them.deafen()
			us.s.RestartICE()
			us.until(trace.OfferSending, offers+1)
			us.s.RestartICE()
			if err := us.s.Do(func() error { return nil }); err != nil { // by now the offer is sent
				t.Fatal(err)
			}
			first := ""
			them.mu.Lock()
			for _, m := range them.waiting {
				if m.Description != nil {
					first = credentials(m.Description)
				}
			}
			them.hear()
			them.mu.Unlock()
			us.negotiated()
			them.negotiated()
			if last := credentials(us.pc.CurrentLocalDescription()); first == "" || last == first {
				t.Errorf("the credentials are %q, those of the first restart are %q", last, first)
			}
		})
	}
}
