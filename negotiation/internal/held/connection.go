package held

import (
	"slices"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/sdp"
)

// Connection is a PeerConnection without a rollback: it keeps what it was given. Its CreateOffer may have effects of its own, so [PeerConnection] is the
// only one to call it.
type Connection interface {
	SignalingState() webrtc.SignalingState
	// NameSections gives each new transceiver a mid that the other peer never
	// uses: a mid given by a dropped offer cannot be taken back.
	NameSections() error
	CreateOffer(restart bool) (Local, error)
	CreateAnswer() (Local, error)
	// SetLocalDescription takes what was created last, as it was made.
	SetLocalDescription(webrtc.SessionDescription) error
	// Look returns what a remote description will have the connection do, or why it
	// cannot be applied although it is sound. It has no effect.
	Look(webrtc.SDPType, *sdp.Description) (Plan, error)
	AddICECandidate(webrtc.ICECandidateInit) error
	// Commits reports whether an offer may be set before its answer is here.
	Commits(offered []sdp.Section) bool
	// Wants says what an offer made now would say that matters.
	Wants() []Want
	// Superseded reports whether an error of SetLocalDescription means that
	// another offer was created since.
	Superseded(error) bool
}

// Local is a description that a connection has made.
type Local struct {
	Made webrtc.SessionDescription // as the connection wants it back
	Wire *sdp.Description          // as it goes on the wire
}

// Plan is what a remote description will have a connection do.
type Plan interface {
	// Empty reports whether that is nothing: the connection need not hear of it.
	Empty() bool
	// Apply does it. It finds nothing new in the text natively; a browser has the
	// last word, and wraps [ErrRefused] where it has changed nothing.
	Apply() error
}

// Past is what was negotiated last before we came: the descriptions in force, as on
// the wire.
type Past struct {
	Local, Remote *sdp.Description
	Offered       bool // by us
}

// NewPast returns what was negotiated with descriptions in force; nil: nothing.
func NewPast(local, remote *webrtc.SessionDescription) *Past {
	if local == nil || remote == nil {
		return nil
	}
	return &Past{sdp.Parse(local.SDP), sdp.Parse(remote.SDP), local.Type == webrtc.SDPTypeOffer}
}

// Answer returns the answer, from either side; an empty one if nothing was negotiated.
func (p *Past) Answer() *sdp.Description {
	switch {
	case p == nil:
		return &sdp.Description{}
	case p.Offered:
		return p.Remote
	}
	return p.Local
}

// Want is what one side wants a section to say, or all of them. Two are equal if
// nothing changed.
type Want struct {
	Mid  string // empty before the first offer, and for application
	Kind string // audio, video or application; empty for all sections
	What string // the direction and the track, or whatever else changes
}

// in reports whether one of the sections is that of w.
func (w Want) in(list []sdp.Section) bool {
	return w.Kind == "" || slices.ContainsFunc(list, func(s sdp.Section) bool {
		return w.Kind == s.Kind && (w.Mid == s.Mid || w.Kind == "application")
	})
}
