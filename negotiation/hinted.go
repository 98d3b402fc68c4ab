package negotiation

import (
	"sync/atomic"

	"github.com/pion/webrtc/v4"
)

// rolling is a connection that rolls back by itself and fires negotiationneeded.
// A browser's RTCPeerConnection is one.
type rolling interface {
	PeerConnection
	// Differs tells whether an offer would say something else than was negotiated.
	Differs() bool
}

// hinted remembers that negotiationneeded was fired until an offer is made. The
// browser fires only in stable, and again after every exchange if an offer is
// still needed then, so the next remote description makes a firing void.
type hinted struct {
	pc     rolling
	need   atomic.Bool // negotiationneeded was fired
	looked bool        // for a need from before we listened
}

// fired is told of negotiationneeded, from any goroutine.
func (h *hinted) fired() { h.need.Store(true) }

// needed tells, in stable, whether an offer is needed.
func (h *hinted) needed() bool {
	first := !h.looked
	h.looked = true
	// What was fired before anybody listened is not fired again.
	return h.need.Swap(false) || first && h.pc.Differs()
}

// SignalingState implements [PeerConnection].
func (h *hinted) SignalingState() webrtc.SignalingState { return h.pc.SignalingState() }

// SetLocalDescription implements [PeerConnection].
func (h *hinted) SetLocalDescription() (webrtc.SessionDescription, error) {
	d, err := h.pc.SetLocalDescription()
	if err != nil {
		h.need.Store(true) // for the next attempt: it is not fired again
	}
	return d, err
}

// SetRemoteDescription implements [PeerConnection].
func (h *hinted) SetRemoteDescription(d webrtc.SessionDescription) error {
	if _, err := checkDescription(d); err != nil {
		return err
	}
	h.need.Store(false)
	return h.pc.SetRemoteDescription(d)
}

// AddICECandidate implements [PeerConnection].
func (h *hinted) AddICECandidate(c *webrtc.ICECandidateInit) error { return h.pc.AddICECandidate(c) }

// RestartICE implements [PeerConnection].
func (h *hinted) RestartICE() { h.pc.RestartICE() }
