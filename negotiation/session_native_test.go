//go:build !js

package negotiation

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/webrtc/v4"
)

// TestAnswersRefusedInARow answers each offer with garbage: it is made again, less
// and less often, and then no more. Candidates that come meanwhile hurry nothing.
func TestAnswersRefusedInARow(t *testing.T) {
	for _, c := range []struct {
		name    string
		refused int // then comes a good one
		offers  int
		takes   time.Duration
	}{
		{"none", 0, 1, 0},
		{"some", 3, 4, 350 * time.Millisecond},
		{"all", 100, 1 + maxRetries, 11350 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &Session{polite: true, wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}), state: webrtc.SignalingStateStable}
				s.pc = testAdapter{&held{pc: newBare(data), polite: true}}
				offers := 0
				s.n = NewNegotiator(s.pc, true, func(Message) {
					answer := remoteAnswer("active")
					if offers++; offers <= c.refused {
						answer.SDP = "<garbage>"
					}
					for _, m := range []Message{{Description: &answer}, {Candidate: &webrtc.ICECandidateInit{}}} {
						if err := s.Receive(m); err != nil {
							t.Error(err)
						}
					}
				}, nil)
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
