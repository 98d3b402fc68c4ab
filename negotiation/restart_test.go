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

// TestRestartWhen restarts ICE at different times, as the web-platform-tests of restartIce
// do: there is one new offer with new credentials, unless there was nothing to restart.
// https://github.com/web-platform-tests/wpt/blob/master/webrtc/RTCPeerConnection-restartIce.https.html
func TestRestartWhen(t *testing.T) {
	connected := func(us, _ *side) { us.add("audio") }
	for _, c := range []struct {
		name           string
		before, when   func(us, them *side)
		offers, theirs int // that are sent from the wish on, the first of ours included
		restarts       bool
	}{
		{"before there is anything", func(_, _ *side) {}, func(us, _ *side) {
			us.s.RestartICE()
			us.add("audio")
		}, 1, 0, false},
		{"while the first offer is pending", func(_, _ *side) {}, func(us, them *side) {
			them.pending(us, func() { us.add("audio") }, us.s.RestartICE)
		}, 2, 0, true},
		{"at rest", connected, func(us, _ *side) { us.s.RestartICE() }, 1, 0, true},
		{"while an offer is pending", connected, func(us, them *side) {
			them.pending(us, us.s.Renegotiate, us.s.RestartICE)
		}, 2, 0, true},
		{"while an offer of theirs is pending", connected, func(us, them *side) {
			us.mu.Lock()
			us.tell = func(e trace.Event) {
				if e.Kind == trace.OfferReceived {
					us.s.RestartICE()
				}
			}
			us.mu.Unlock()
			them.s.Renegotiate()
			us.until(trace.Restart, 1)
		}, 1, 1, true},
		{"as they do", connected, func(us, them *side) {
			us.deafen()
			them.deafen()
			both(us, them, func(s *side) { s.s.RestartICE() })
		}, 1, 1, true},
	} {
		for _, who := range []string{"polite", "impolite"} {
			t.Run(strings.ReplaceAll(who+" "+c.name, " ", "_"), func(t *testing.T) {
				us, them := pair(t)
				if who == "impolite" {
					us, them = them, us
				}
				settled := func() {
					for range 2 {
						us.negotiated()
						them.negotiated()
					}
				}
				c.before(us, them)
				settled()
				sides := []*side{us, them}
				var before [2]string
				var sent [2]int
				for n, s := range sides {
					if d := s.pc.CurrentLocalDescription(); d != nil {
						before[n] = credentials(d)
					}
					sent[n] = s.count(trace.OfferSending)
				}
				c.when(us, them)
				settled()
				for n, s := range sides {
					if got, want := s.count(trace.OfferSending)-sent[n], []int{c.offers, c.theirs}[n]; got != want {
						t.Errorf("%s: %d offers and not %d", s.name, got, want)
					}
					now := credentials(s.pc.CurrentLocalDescription())
					if first := s.first(); c.restarts && (now == before[n] || now == first) {
						t.Errorf("%s: the credentials are as before", s.name)
					} else if !c.restarts && now != first {
						t.Errorf("%s: the credentials are others than in the first description", s.name)
					}
					before[n] = now
				}
				us.s.Renegotiate()
				settled()
				for n, s := range sides {
					if credentials(s.pc.CurrentLocalDescription()) != before[n] {
						t.Errorf("%s: a later offer restarts ICE", s.name)
					}
				}
			})
		}
	}
}

// pending has s hear what begin has us offer only after then.
func (s *side) pending(us *side, begin, then func()) {
	offers := us.count(trace.OfferSending)
	s.deafen()
	begin()
	us.until(trace.OfferSending, offers+1)
	then()
	us.until(trace.Restart, 1)
	s.mu.Lock()
	s.hear()
	s.mu.Unlock()
}

// first returns the ufrag of the first description that s sent.
func (s *side) first() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sentFirst
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
