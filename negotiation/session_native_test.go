//go:build !js

package negotiation

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/held"
	"perfect-negotiation/negotiation/trace"
)

// newSession returns one that does not run yet.
func newSession(pc held.Connection, polite bool, send func(*Session, Message)) *Session {
	s := newTestSession(polite)
	s.wake, s.stop, s.done = make(chan struct{}, 1), make(chan struct{}), make(chan struct{})
	s.pc = testAdapter{held.New(pc, polite, false)}
	s.n = NewNegotiator(s.pc, roleOf(polite), func(m Message) error { send(s, m); return nil }, nil)
	return s
}

// alone returns a model of pion with nobody around it, after one change.
func alone(what string) *modelSubject {
	m := &modelSubject{}
	m.pionModel = newPionModel("p", m)
	m.change(what)
	return m
}

// theirData is a description of the other side, with a section for data channels.
func theirData(kind webrtc.SDPType, setup string) webrtc.SessionDescription {
	d := description{ufrag: "theirs", setup: setup, lines: []line{{kind: "application", mid: "0"}}}
	return webrtc.SessionDescription{Type: kind, SDP: d.text()}
}

// TestAnswersRefusedInARow answers each offer with garbage: it is made again, less
// and less often, and then no more. What else comes meanwhile changes nothing.
func TestAnswersRefusedInARow(t *testing.T) {
	colliding := theirData(webrtc.SDPTypeOffer, "actpass")
	for _, c := range []struct {
		name    string
		polite  bool
		then    Message // comes after each
		refused int     // then comes a good one
		offers  int
		takes   time.Duration
	}{
		{"none", true, Message{Candidate: &webrtc.ICECandidateInit{}}, 0, 1, 0},
		{"some", true, Message{Candidate: &webrtc.ICECandidateInit{}}, 3, 4, 350 * time.Millisecond},
		{"all", true, Message{Candidate: &webrtc.ICECandidateInit{}}, 100, 1 + maxRetries, 11350 * time.Millisecond},
		{"some, and their offers are ignored", false, Message{Description: &colliding}, 3, 4, 350 * time.Millisecond},
		{"all, and their offers are ignored", false, Message{Description: &colliding}, 100, 1 + maxRetries, 11350 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				offers := 0
				s := newSession(alone("channel"), c.polite, func(s *Session, m Message) {
					if m.Description == nil || m.Description.Type != webrtc.SDPTypeOffer {
						return
					}
					answer := theirData(webrtc.SDPTypeAnswer, "active")
					list := []Message{{Description: &answer}}
					if offers++; offers <= c.refused {
						answer.SDP = "<garbage>"
						list = append(list, c.then)
					}
					for _, m := range list {
						if err := s.Receive(m); err != nil {
							t.Error(err)
						}
					}
				})
				begin := time.Now()
				s.recheck()
				go s.run()
				err := s.Negotiated(t.Context())
				if took := time.Since(begin); offers != c.offers || took != c.takes {
					t.Errorf("%d offers in %s, not %d in %s", offers, took, c.offers, c.takes)
				}
				if ended := offers <= c.refused; ended != errors.Is(err, ErrWedged) || ended != errors.Is(err, ErrRefused) {
					t.Errorf("error %v", err)
				}
				if err == nil && s.retries != 0 {
					t.Errorf("%d retries are remembered", s.retries)
				}
				s.Close()
				<-s.done
			})
		})
	}
}

// offerless makes no offer.
type offerless struct {
	*modelSubject
	asked int
}

var errOfferless = errors.New("no offer")

func (o *offerless) CreateOffer(bool) (held.Local, error) {
	o.asked++
	return held.Local{}, errOfferless
}

// TestOffersFailInARow has somebody wait for a connection that makes no offer. What
// comes meanwhile hurries nothing. Whoever comes afterwards is told why it ended.
func TestOffersFailInARow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pc := &offerless{modelSubject: alone("channel")}
		s := newSession(pc, false, func(*Session, Message) {})
		s.recheck()
		go s.run()
		begin := time.Now()
		for range 20 {
			time.AfterFunc(time.Millisecond, func() {
				_ = s.Receive(Message{Candidate: &webrtc.ICECandidateInit{}})
			})
		}
		err := s.Negotiated(t.Context())
		if took := time.Since(begin); pc.asked != 1+maxRetries || took != 11350*time.Millisecond {
			t.Errorf("asked for %d offers in %s", pc.asked, took)
		}
		for what, err := range map[string]error{
			"Negotiated": err,
			"Err":        s.Err(),
			"Receive":    s.Receive(Message{}),
			"Do":         s.Do(func() error { return nil }),
		} {
			if !errors.Is(err, ErrWedged) || !errors.Is(err, errOfferless) {
				t.Errorf("%s: %v", what, err)
			}
		}
		s.Renegotiate()
		if n := len(s.queue); n > 0 {
			t.Errorf("%d functions wait for a Session that has ended", n)
		}
	})
}

// TestNobodyWaits any more whose context has ended, for an answer that does not come.
func TestNobodyWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSession(alone("channel"), true, func(*Session, Message) {})
		s.recheck()
		go s.run()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.Negotiated(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		must(t, s.Do(func() error {
			if n := len(s.waiters); n > 0 {
				t.Errorf("%d wait", n)
			}
			return nil
		}))
		s.Close()
		<-s.done
	})
}

// An offer whose answer was refused is sent again, unless it is not pending any more.
func TestRetry(t *testing.T) {
	var sent []string
	h := held.New(alone("video"), true, false)
	n := NewNegotiator(h, Polite, func(m Message) error { sent = append(sent, m.Description.Type.String()); return nil }, nil)
	garbage, theirs := webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer}, theirData(webrtc.SDPTypeOffer, "actpass")
	must(t, n.NegotiationNeeded())
	if err := n.Receive(Message{Description: &garbage}); !errors.Is(err, ErrOffer) || !errors.Is(err, ErrRefused) {
		t.Errorf("error %v", err)
	}
	must(t, n.Retry())
	must(t, n.Retry()) // nothing was refused since
	if err := n.Receive(Message{Description: &garbage}); !errors.Is(err, ErrOffer) {
		t.Errorf("error %v", err)
	}
	must(t, n.Receive(Message{Description: &theirs}))
	must(t, n.Retry())
	must(t, n.NegotiationNeeded())
	must(t, n.Retry())
	if want := []string{"offer", "offer", "answer", "offer"}; !slices.Equal(sent, want) {
		t.Errorf("sent %q, want %q", sent, want)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var errBroken = errors.New("the line is dead")

// TestSendFails ends the Session: no message may be lost.
func TestSendFails(t *testing.T) {
	s := newSession(alone("channel"), false, func(*Session, Message) {})
	s.n.send = func(Message) error { return errBroken }
	s.recheck()
	s.run()
	if err := s.Err(); !errors.Is(err, ErrSend) || !errors.Is(err, errBroken) {
		t.Errorf("error %v", err)
	}
}

// TestAnswerDeadline tells of an offer that is not answered, once, and ends nothing.
func TestAnswerDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSession(alone("channel"), true, func(*Session, Message) {})
		var overdue []trace.Event
		s.n.trace = func(e trace.Event) {
			if e.Kind == trace.AnswerOverdue {
				overdue = append(overdue, e)
			}
		}
		WithAnswerDeadline(time.Second)(s)
		s.recheck()
		go s.run()
		time.Sleep(time.Hour)
		answer := theirData(webrtc.SDPTypeAnswer, "active")
		must(t, s.Receive(Message{Description: &answer}))
		must(t, s.Negotiated(t.Context()))
		s.Renegotiate()
		synctest.Wait()
		must(t, s.Receive(Message{Description: &answer})) // in time
		must(t, s.Negotiated(t.Context()))
		time.Sleep(time.Hour)
		s.Close()
		<-s.done
		if len(overdue) != 1 || overdue[0].Message.Type != trace.Offer || overdue[0].Code != trace.NoAnswer || overdue[0].State != trace.HaveLocalOffer {
			t.Errorf("told %+v", overdue)
		}
	})
}

// TestPost changes something from a place that must not wait, and makes an error known.
func TestPost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pc := alone("channel")
		s := newSession(pc, true, func(*Session, Message) {})
		var kinds []trace.Kind
		s.n.trace = func(e trace.Event) {
			kinds = append(kinds, e.Kind)
			if e.Kind == trace.NegotiationNeeded { // on the Session's goroutine
				s.Post(func() error { return errBroken })
			}
		}
		go s.run()
		s.Post(func() error { pc.change("video"); return nil })
		synctest.Wait()
		s.Close()
		<-s.done
		if !slices.Contains(kinds, trace.OfferSending) || !slices.Contains(kinds, trace.ChangeFailed) {
			t.Errorf("told %v", kinds)
		}
	})
}

func TestRoleOfAttach(t *testing.T) {
	pc, err := webrtc.NewPeerConnection(webrtc.Configuration{})
	must(t, err)
	defer pc.Close()
	for _, role := range []Role{"", "Polite", "both"} {
		if _, err := Attach(pc, role, func(Message) error { return nil }); !errors.Is(err, ErrRole) {
			t.Errorf("%q: %v", role, err)
		}
	}
}

// TestCauseOfARestart is told with the one offer that a restart makes necessary.
func TestCauseOfARestart(t *testing.T) {
	var needed []trace.Event
	n := NewNegotiator(held.New(alone("channel"), true, false), Polite, func(Message) error { return nil }, func(e trace.Event) {
		if e.Kind == trace.NegotiationNeeded {
			needed = append(needed, e)
		}
	})
	answer := theirData(webrtc.SDPTypeAnswer, "active")
	for _, restart := range []bool{false, true, false} {
		if restart {
			n.RestartICE()
		}
		must(t, n.NegotiationNeeded())
		must(t, n.Receive(Message{Description: &answer}))
	}
	if len(needed) != 3 || needed[0].Cause != 0 || needed[1].Cause != needed[1].N-1 || needed[2].Cause != 0 {
		t.Errorf("told %+v", needed)
	}
}
