//go:build !js

// Package pion adapts pion's native PeerConnection to package held, and keeps from it
// what it could not undo: pion changes its state before it validates. References like
// pc:433 are lines of peerconnection.go in pion v4.2.26.
package pion

import (
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/held"
)

// Adapt gives a pion PeerConnection browser semantics. It replaces the connection's
// handlers for negotiationneeded, candidates and the signaling state.
func Adapt(pc *webrtc.PeerConnection, polite bool, to held.Hooks) (*Adapter, error) {
	p := New(pc, polite)
	p.stop, p.unsent, p.rejected, p.renumber = to.Stop, to.Unsent, to.Rejected, to.Renumber
	h := held.New(held.Recorded(p, false, to.Record), polite, false)
	h.Admit, h.LeftOut = to.Admit, to.LeftOut
	if err := p.canOffer(); err != nil {
		return nil, err
	}
	before, err := p.Past()
	if err != nil {
		return nil, err
	}
	if err := h.Adopt(before); err != nil {
		return nil, err
	}
	p.senders.adopt(pc.GetTransceivers(), p.order)
	pc.OnNegotiationNeeded(to.Recheck)
	pc.OnSignalingStateChange(nil)
	pc.OnICECandidate(func(c *webrtc.ICECandidate) {
		if c == nil {
			to.Enqueue(func() { to.Candidate(nil) })
			return
		}
		init := c.ToJSON()
		to.Enqueue(func() {
			ufrag := h.Ufrag
			init.UsernameFragment = &ufrag
			p.place(&init)
			to.Candidate(&init)
		})
	})
	return &Adapter{h}, nil
}

// Adapter is the negotiation.PeerConnection of a Session over pion's.
type Adapter struct{ *held.PeerConnection }

// Flush does nothing: pion shows changes at once.
func (*Adapter) Flush() {}

// Detach leaves our handlers in place: the Session drops what they enqueue, and those
// of the next Session may have replaced them already.
func (*Adapter) Detach() {}
