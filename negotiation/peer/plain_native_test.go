//go:build !js

package peer

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/negotiation/trace"
)

// said delivers an envelope from another peer in the room to m.
func (m *member) said(from string, e signaling.Envelope) {
	e.From = from
	m.handler.Received(e)
}

func (m *member) meets(id string, rank *int) {
	m.handler.Received(signaling.Envelope{Joined: &wire.Member{ID: id, Role: wire.Impolite, Rank: rank}})
}

// binds has m meet a peer, which binds its nth session to ours.
func (m *member) binds(id string, n int) (theirs, ours string) {
	rank := 0
	m.meets(id, &rank)
	next := make(chan string)
	m.peer.enqueue(func() {
		m.peer.remotes[id].link.Again()
		next <- m.peer.remotes[id].link.Frames()[0].Session
	})
	theirs, ours = hex.EncodeToString(fmt.Appendf(nil, "session %d", n)), <-next
	m.said(id, signaling.Envelope{Session: theirs, PeerSession: ours, Hello: &wire.Hello{Protocol: wire.Protocol}})
	return theirs, ours
}

func candidate() *negotiation.Message {
	return &negotiation.Message{Candidate: &webrtc.ICECandidateInit{}}
}

// A page that states a rank and has no sessions need not acknowledge anything.
func TestAPlainPageWithARankDoesNotStall(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a := w.peer("a")
		rank := 0
		a.meets("page", &rank)
		a.said("page", signaling.Envelope{Message: candidate()})
		time.Sleep(time.Minute)
		if a.count(trace.Paired) != 1 || a.count(trace.SignalingStalled) > 0 {
			t.Errorf("it is not paired, or has stalled:\n%s", a.log())
		}
	})
}

// However often a peer comes and goes, there is one new pairing a second.
func TestPairingsAreApart(t *testing.T) {
	for _, c := range []struct {
		name string
		come func(a *member, n int)
	}{
		{"with bye", func(a *member, n int) {
			theirs, ours := a.binds("b", n)
			a.said("b", signaling.Envelope{Session: theirs, PeerSession: ours, Bye: true})
			a.handler.Received(signaling.Envelope{Left: &wire.Left{ID: "b"}})
		}},
		{"a plain page", func(a *member, _ int) { a.meets("b", nil) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				a := w.peer("a")
				for n := range 50 {
					c.come(a, n)
					time.Sleep(100 * time.Millisecond)
				}
				time.Sleep(2 * pairingsApart)
				if n := a.count(trace.Paired); n < 4 || n > 6 {
					t.Errorf("%d pairings in 5 s:\n%s", n, a.log())
				}
			})
		})
	}
}

// A plain page that comes again at once is paired again all the same.
func TestAPlainPageComesAgain(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a := w.peer("a")
		a.meets("page", nil)
		a.meets("page", nil)
		a.await("it is paired again", func() bool { return a.count(trace.Paired) == 2 })
	})
}

// TestCalledAnew tells an offer of another PeerConnection from one of the same: by its
// certificate. Other stacks change the session id with each offer, and an ICE restart
// changes the ufrag.
func TestCalledAnew(t *testing.T) {
	describe := func(session, digits, ufrag string) string {
		return "v=0\r\no=- " + session + " 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=fingerprint:sha-256 " + strings.TrimSuffix(strings.Repeat(digits+":", 32), ":") +
			"\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:0\r\na=ice-ufrag:" + ufrag + "\r\n"
	}
	for name, c := range map[string]struct {
		offer string
		want  bool
	}{
		"the same again":                {describe("1", "AA", "uuuu"), false},
		"an ICE restart":                {describe("1", "AA", "vvvv"), false},
		"another session id":            {describe("2", "AA", "uuuu"), false},
		"an ICE restart of werift":      {describe("2", "AA", "vvvv"), false},
		"another connection":            {describe("2", "BB", "vvvv"), true},
		"another one of aiortc at once": {describe("1", "BB", "vvvv"), true},
		"one without a certificate":     {strings.Replace(describe("2", "AA", "vvvv"), "a=fingerprint", "a=x", 1), false},
	} {
		var first caller
		offer := func(text string) *negotiation.Message {
			return &negotiation.Message{Description: &webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: text}}
		}
		if first.calledAnew(offer(c.offer)) {
			t.Errorf("%s: the first offer is no other", name)
		}
		first.speaks(offer(describe("1", "AA", "uuuu")), false)
		if first.calledAnew(offer(c.offer)) != c.want {
			t.Errorf("%s: not %v", name, c.want)
		}
	}
}
