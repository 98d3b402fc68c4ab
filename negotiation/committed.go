package negotiation

import (
	"slices"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/sdp"
)

// committed is a PeerConnection that nobody asks to roll back: what it was given
// it keeps. Its CreateOffer may have effects of its own, so [held] is the only
// one to call it.
type committed interface {
	SignalingState() webrtc.SignalingState
	// NameSections gives each new transceiver a mid that the other peer never
	// uses: a mid given by a dropped offer cannot be taken back.
	NameSections() error
	CreateOffer(restart bool) (local, error)
	CreateAnswer() (local, error)
	// SetLocalDescription takes what was created last, as it was made.
	SetLocalDescription(webrtc.SessionDescription) error
	// Look returns what a remote description will have the connection do, or why it
	// cannot be applied although it is sound. It has no effect.
	Look(webrtc.SDPType, *sdp.Description) (plan, error)
	AddICECandidate(webrtc.ICECandidateInit) error
	// Commits reports whether an offer may be set before its answer is here.
	Commits(offered []sdp.Section) bool
	// Wants says what an offer made now would say that matters.
	Wants() []want
	// Superseded reports whether an error of SetLocalDescription means that
	// another offer was created since.
	Superseded(error) bool
}

// local is a description that a connection has made.
type local struct {
	made webrtc.SessionDescription // as the connection wants it back
	wire *sdp.Description          // as it goes on the wire
}

// plan is what a remote description will have a connection do.
type plan interface {
	// empty reports whether that is nothing: the connection need not hear of it.
	empty() bool
	// apply does it. It finds nothing new in the text natively; a browser has the
	// last word, and wraps [ErrRefused] where it has changed nothing.
	apply() error
}

// past is what was negotiated last before we came: the descriptions in force, as on
// the wire.
type past struct {
	local, remote *sdp.Description
	offered       bool // by us
}

// answer returns the answer, whoever gave it.
func (e *past) answer() *sdp.Description {
	if e == nil {
		return &sdp.Description{}
	}
	if e.offered {
		return e.remote
	}
	return e.local
}

// want is what one side wants a section to say, or all of them. Two are equal if
// nothing changed.
type want struct {
	mid  string // empty before the first offer, and for application
	kind string // audio, video or application; empty for all sections
	what string // the direction and the track, or whatever else changes
}

// in reports whether one of the sections is that of w.
func (w want) in(list []sdp.Section) bool {
	return w.kind == "" || slices.ContainsFunc(list, func(s sdp.Section) bool {
		return w.kind == s.Kind && (w.mid == s.Mid || w.kind == "application")
	})
}
