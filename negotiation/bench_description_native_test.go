//go:build !js

package negotiation_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
)

// BenchmarkDescription has a new PeerConnection do one thing with descriptions of
// three sections: answer an offer, make an offer, or make one and take the answer.
// BenchmarkParses looks at what that takes.
func BenchmarkDescription(b *testing.B) {
	for _, with := range []struct {
		name string
		make func(*testing.B) describer
	}{
		{"plain", func(b *testing.B) describer { return plainEnd{newEnd(b, webrtc.Configuration{})} }},
		{"polite", func(b *testing.B) describer { return newSessionEnd(b, true) }},
		{"impolite", func(b *testing.B) describer { return newSessionEnd(b, false) }},
	} {
		theirs := func(b *testing.B) (offer, answer webrtc.SessionDescription) {
			ours, other := with.make(b), plainEnd{newEnd(b, webrtc.Configuration{})}
			defer ours.close()
			defer other.close()
			answer = other.takeOffer(ours.makeOffer())
			another := plainEnd{newEnd(b, webrtc.Configuration{})}
			defer another.close()
			return another.makeOffer(), answer
		}
		for _, do := range []struct {
			name string
			once func(d describer, offer, answer webrtc.SessionDescription)
		}{
			{"take-offer", func(d describer, offer, _ webrtc.SessionDescription) { d.takeOffer(offer) }},
			{"make-offer", func(d describer, _, _ webrtc.SessionDescription) { d.makeOffer() }},
			{"take-answer", func(d describer, _, answer webrtc.SessionDescription) {
				d.makeOffer()
				d.takeAnswer(answer)
			}},
		} {
			b.Run(with.name+"/"+do.name, func(b *testing.B) {
				offer, answer := theirs(b) // which fit each new PeerConnection
				b.ReportAllocs()
				for b.Loop() {
					d := with.make(b)
					do.once(d, offer, answer)
					d.close()
				}
			})
		}
	}
}

// describer is one side, alone. All its offers and answers have three sections.
type describer interface {
	makeOffer() webrtc.SessionDescription
	takeAnswer(webrtc.SessionDescription)
	takeOffer(webrtc.SessionDescription) (answer webrtc.SessionDescription)
	close()
}

// plainEnd is a side without a Session.
type plainEnd struct{ *end }

func (e plainEnd) must(err error) {
	e.b.Helper()
	if err != nil {
		e.b.Fatal(err)
	}
}

func (e plainEnd) makeOffer() webrtc.SessionDescription {
	e.must(e.add(true))
	offer, err := e.pc.CreateOffer(nil)
	e.must(err)
	e.must(e.pc.SetLocalDescription(offer))
	return offer
}

func (e plainEnd) takeAnswer(answer webrtc.SessionDescription) {
	e.must(e.pc.SetRemoteDescription(answer))
}

func (e plainEnd) takeOffer(offer webrtc.SessionDescription) webrtc.SessionDescription {
	e.must(e.pc.SetRemoteDescription(offer))
	answer, err := e.pc.CreateAnswer(nil)
	e.must(err)
	e.must(e.pc.SetLocalDescription(answer))
	return answer
}

// sessionEnd is a side with a Session.
type sessionEnd struct {
	*end
	sent chan webrtc.SessionDescription
}

func newSessionEnd(b *testing.B, polite bool) sessionEnd {
	b.Helper()
	configuration := webrtc.Configuration{}
	if polite {
		configuration = negotiation.PoliteConfiguration(configuration)
	}
	e := sessionEnd{newEnd(b, configuration), make(chan webrtc.SessionDescription, 8)}
	e.attach(polite, func(m negotiation.Message) {
		if m.Description != nil {
			e.sent <- *m.Description
		}
	})
	return e
}

// next waits for the description that the Session sends next.
func (e sessionEnd) next() webrtc.SessionDescription {
	e.b.Helper()
	ctx, cancel := context.WithTimeout(e.b.Context(), benchLimit)
	defer cancel()
	select {
	case d := <-e.sent:
		return d
	case <-ctx.Done():
		e.b.Fatal("it sends no description")
		return webrtc.SessionDescription{}
	}
}

func (e sessionEnd) receive(d webrtc.SessionDescription) {
	e.b.Helper()
	if err := e.s.Receive(negotiation.Message{Description: &d}); err != nil {
		e.b.Fatal(err)
	}
}

func (e sessionEnd) makeOffer() webrtc.SessionDescription {
	if err := e.s.Do(func() error { return e.add(true) }); err != nil {
		e.b.Fatal(err)
	}
	return e.next()
}

func (e sessionEnd) takeAnswer(answer webrtc.SessionDescription) {
	e.receive(answer)
	ctx, cancel := context.WithTimeout(e.b.Context(), benchLimit)
	defer cancel()
	if err := e.s.Negotiated(ctx); err != nil {
		e.b.Fatal(fmt.Errorf("the answer is not taken: %w", err))
	}
}

func (e sessionEnd) takeOffer(offer webrtc.SessionDescription) webrtc.SessionDescription {
	e.receive(offer)
	return e.next()
}
