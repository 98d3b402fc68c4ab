//go:build !js

package negotiation

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/webrtc/v4"
)

// newSession returns one that does not run yet.
func newSession(pc committed, polite bool, send func(*Session, Message)) *Session {
	s := newTestSession(polite)
	s.wake, s.stop, s.done = make(chan struct{}, 1), make(chan struct{}), make(chan struct{})
	s.pc = testAdapter{&held{pc: pc, polite: polite}}
	s.n = NewNegotiator(s.pc, polite, func(m Message) { send(s, m) }, nil)
	return s
}

// TestAnswersRefusedInARow answers each offer with garbage: it is made again, less
// and less often, and then no more. What else comes meanwhile changes nothing.
func TestAnswersRefusedInARow(t *testing.T) {
	colliding := remoteOffer("theirs")
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
				s := newSession(newBare(data), c.polite, func(s *Session, m Message) {
					if m.Description == nil || m.Description.Type != webrtc.SDPTypeOffer {
						return
					}
					answer := remoteAnswer("active")
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
	*bare
	asked int
}

var errOfferless = errors.New("no offer")

func (o *offerless) CreateOffer(bool) (local, error) {
	o.asked++
	return local{}, errOfferless
}

// TestOffersFailInARow has somebody wait for a connection that makes no offer. What
// comes meanwhile hurries nothing. Whoever comes afterwards is told why it ended.
func TestOffersFailInARow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pc := &offerless{bare: newBare(data)}
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
		s := newSession(newBare(data), true, func(*Session, Message) {})
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
