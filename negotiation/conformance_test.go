package negotiation_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/trace"
)

func TestConnectFromEitherSide(t *testing.T) {
	for _, from := range []string{"polite", "impolite"} {
		t.Run(from, func(t *testing.T) {
			p, i := pair(t)
			if from == "polite" {
				p.connect("data-polite")
			} else {
				i.connect("data-impolite")
			}
			for _, side := range []*side{p, i} {
				if label := side.channel().Label(); label != "data-"+from {
					t.Errorf("%s: channel %q", side.name, label)
				}
			}
		})
	}
}

func TestConnectFromBothSidesAtOnce(t *testing.T) {
	p, i := pair(t)
	both(p, i, func(s *side) { s.connect("data-" + s.name) })
	for range 2 {
		p.channel()
		i.channel()
	}
}

// TestWhateverCollides lets two offers collide, as the first of all and later,
// with every mixture of sections in each. Where a browser is asked to roll back
// by itself, about half of these fail in Chromium (156).
func TestWhateverCollides(t *testing.T) {
	mixtures := []string{"data", "audio", "video", "audio data", "video data", "audio video", "audio video data"}
	for _, first := range []bool{true, false} {
		for _, ours := range mixtures {
			for _, theirs := range mixtures {
				name := ours + " with " + theirs
				if !first {
					name += ", later"
				}
				t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
					p, i := pair(t)
					if !first {
						p.add("video")
						p.negotiated()
						i.negotiated()
					}
					p.deafen()
					i.deafen()
					both(p, i, func(s *side) {
						if s == p {
							s.add(ours)
						} else {
							s.add(theirs)
						}
					})
					// The one needs what the other has offered, so twice.
					for range 2 {
						p.negotiated()
						i.negotiated()
					}
					if p.count(trace.CollisionRollback) != 1 || i.count(trace.CollisionIgnored) != 1 {
						t.Error("the offers did not collide once")
					}
					wanted := strings.Fields(ours + " " + theirs)
					if !first {
						wanted = append(wanted, "video")
					}
					for _, side := range []*side{p, i} {
						for _, kind := range []string{"audio", "video"} {
							n := strings.Count(side.pc.CurrentLocalDescription().SDP, "m="+kind+" ")
							if want := strings.Count(strings.Join(wanted, " "), kind); n != want {
								t.Errorf("%s: %d sections of %s, not %d", side.name, n, kind, want)
							}
						}
					}
					for range strings.Count(ours+theirs, "data") {
						p.channel()
						i.channel()
					}
				})
			}
		}
	}
}

func TestRenegotiateAtOnce(t *testing.T) {
	for _, first := range []string{"polite", "impolite"} {
		t.Run(first+" offers first", func(t *testing.T) {
			p, i := pair(t)
			opener, other := p, i
			if first == "impolite" {
				opener, other = i, p
			}
			opener.connect("data")
			opener.channel()
			other.channel()
			const rounds = 20
			for range rounds {
				both(p, i, func(s *side) { s.s.Renegotiate() })
				p.negotiated()
				i.negotiated()
			}
			offers := p.count(trace.OfferSending) + i.count(trace.OfferSending)
			answers := p.count(trace.AnswerSending) + i.count(trace.AnswerSending)
			ignored, rollbacks := i.count(trace.CollisionIgnored), p.count(trace.CollisionRollback)
			t.Logf("%d offers, %d answers, %d rollbacks, %d ignored", offers, answers, rollbacks, ignored)
			if ignored == 0 || rollbacks == 0 {
				t.Errorf("%d ignored offers and %d rollbacks: nothing collided", ignored, rollbacks)
			}
			if offers != answers+ignored {
				t.Errorf("%d offers, but %d answers and %d ignored", offers, answers, ignored)
			}
			if p.count(trace.CollisionIgnored) != 0 || i.count(trace.CollisionRollback) != 0 {
				t.Error("the polite peer ignored an offer, or the impolite one rolled back")
			}
			for _, s := range []*side{p, i} {
				if s.count(trace.Renegotiate) != rounds {
					t.Errorf("%s: %d requests", s.name, s.count(trace.Renegotiate))
				}
				s.mu.Lock()
				if len(s.states)%2 != 0 || len(s.states) < rounds {
					t.Errorf("%s: %d changes of state", s.name, len(s.states))
				}
				for n, state := range s.states {
					if state != []trace.State{trace.HaveLocalOffer, trace.Stable}[n%2] {
						t.Errorf("%s: the states %v", s.name, s.states)
						break
					}
				}
				s.mu.Unlock()
			}
		})
	}
}

func TestAWishBeforeThereIsAnythingToOffer(t *testing.T) {
	p, i := pair(t)
	both(p, i, func(s *side) { s.s.Renegotiate() })
	p.negotiated()
	i.negotiated()
	if n := p.count(trace.OfferSending) + i.count(trace.OfferSending); n != 0 {
		t.Errorf("%d offers of nothing", n)
	}
	i.connect("data")
	p.channel()
}

func TestChatInOrder(t *testing.T) {
	p, i := pair(t)
	p.connect("data")
	channels := map[*side]*webrtc.DataChannel{p: p.channel(), i: i.channel()}
	const lines = 200
	both(p, i, func(s *side) {
		for n := range lines {
			if err := channels[s].SendText(fmt.Sprint(n)); err != nil {
				t.Error(err)
			}
			if n%50 == 0 {
				s.s.Renegotiate()
			}
		}
	})
	both(p, i, func(s *side) {
		for n := range lines {
			select {
			case got := <-s.messages:
				if got != fmt.Sprint(n) {
					t.Errorf("%s: message %q instead of %d", s.name, got, n)
					return
				}
			case <-time.After(20 * time.Second):
				t.Errorf("%s: message %d did not come", s.name, n)
				return
			}
		}
	})
}

// TestARefusedAnswer has the first answer come as garbage, and later the one to an
// offer that was requested. Each offer is sent again.
func TestARefusedAnswer(t *testing.T) {
	for _, from := range []string{"polite", "impolite"} {
		t.Run(from, func(t *testing.T) {
			ours, theirs := pair(t)
			if from == "impolite" {
				ours, theirs = theirs, ours
			}
			ours.expected = trace.OfferFailed
			ours.spoil()
			ours.connect("data")
			ours.channel()
			theirs.channel()
			ours.negotiated()

			before := credentials(ours.pc.CurrentLocalDescription())
			offers := ours.count(trace.OfferSending)
			ours.spoil()
			ours.s.RestartICE()
			ours.s.Renegotiate()
			ours.until(trace.OfferFailed, 2)
			ours.negotiated()
			if credentials(ours.pc.CurrentLocalDescription()) == before {
				t.Error("ICE was not restarted")
			}
			if n := ours.count(trace.OfferSending) - offers; n < 2 {
				t.Errorf("%d offers", n)
			}
			theirs.connect("more")
			ours.channel()
			theirs.channel()
		})
	}
}

func TestClose(t *testing.T) {
	p, i := pair(t)
	p.connect("data")
	i.channel()
	p.s.Renegotiate()
	p.s.Close()
	<-p.s.Done()
	if err := p.s.Err(); !errors.Is(err, negotiation.ErrClosed) {
		t.Errorf("Err is %v", err)
	}
	for name, err := range map[string]error{
		"Receive":    p.s.Receive(negotiation.Message{}),
		"Do":         p.s.Do(func() error { return nil }),
		"Negotiated": p.s.Negotiated(t.Context()),
	} {
		if !errors.Is(err, negotiation.ErrClosed) {
			t.Errorf("%s after Close returned %v", name, err)
		}
	}
	p.s.Close() // twice is fine
}

func TestWhatHappenedBeforeAttachIsNegotiated(t *testing.T) {
	p, i := newSide(t, "polite"), newSide(t, "impolite")
	dc, err := p.pc.CreateDataChannel("early", nil)
	if err != nil {
		t.Fatal(err)
	}
	p.watch(dc)
	time.Sleep(50 * time.Millisecond) // negotiationneeded fires, and nobody hears it
	p.attach(i)
	i.attach(p)
	p.channel()
	i.channel()
}

func TestAttachTwice(t *testing.T) {
	p, i := pair(t)
	p.connect("first")
	p.channel()
	i.channel()
	p.negotiated()
	i.negotiated()
	for _, s := range []*side{p, i} {
		s.s.Close()
		<-s.s.Done()
	}
	p.attach(i)
	i.attach(p)
	both(p, i, func(s *side) { s.s.Renegotiate() })
	p.negotiated()
	i.negotiated()
	i.connect("second")
	p.channel()
}
