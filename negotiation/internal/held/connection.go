package held

import (
	"slices"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/sdp"
)

// Connection is a PeerConnection without rollback: what was set stays set.
// CreateOffer may have side effects, so only [PeerConnection] may call it.
type Connection interface {
	SignalingState() webrtc.SignalingState
	// NameSections gives each new transceiver a mid that the other peer never uses,
	// because a mid assigned for a dropped offer cannot be taken back.
	NameSections() error
	CreateOffer(restart bool) (Local, error)
	CreateAnswer() (Local, error)
	// SetLocalDescription takes the description that was created last, unchanged.
	SetLocalDescription(webrtc.SessionDescription) error
	// Look returns what applying a remote description will do, or why a valid
	// description cannot be applied. It has no effect.
	Look(webrtc.SDPType, *sdp.Description) (Plan, error)
	AddICECandidate(webrtc.ICECandidateInit) error
	// Commits reports whether an offer may be set before its answer has come.
	Commits(offered []sdp.Section) bool
	// Wants returns what an offer made now would contain, as far as it calls for
	// negotiation.
	Wants() []Want
	// Superseded reports whether an error of SetLocalDescription means that another
	// offer has been created since.
	Superseded(error) bool
}

// Local is a description that a connection has made.
type Local struct {
	Made webrtc.SessionDescription // for SetLocalDescription
	Wire *sdp.Description          // as sent to the other peer
}

// Plan is a remote description that was checked and can be applied.
type Plan interface {
	// Empty reports whether the connection does not need to see the description at
	// all.
	Empty() bool
	// Apply applies the description. Natively it finds no new error in the text. A
	// browser has the last word; its error wraps [ErrRefused] if nothing was changed.
	Apply() error
}

// Past is what was negotiated before the Session was attached: the current
// descriptions, as sent and received.
type Past struct {
	Local, Remote *sdp.Description
	Offered       bool // by us
}

// NewPast returns the Past of the current descriptions; nil if nothing was
// negotiated.
func NewPast(local, remote *webrtc.SessionDescription) *Past {
	if local == nil || remote == nil {
		return nil
	}
	return &Past{sdp.Parse(local.SDP), sdp.Parse(remote.SDP), local.Type == webrtc.SDPTypeOffer}
}

// Answer returns the answer of the last exchange, whichever side made it; an empty
// one if nothing was negotiated.
func (p *Past) Answer() *sdp.Description {
	switch {
	case p == nil:
		return &sdp.Description{}
	case p.Offered:
		return p.Remote
	}
	return p.Local
}

// Want is something that one side wants to negotiate for a section, or for all of
// them. Equal Wants mean that nothing changed.
type Want struct {
	Mid  string // empty before the first offer, and for application
	Kind string // audio, video or application; empty for all sections
	What string // the direction and the track, or whatever else changes
}

// in reports whether w is about one of the sections.
func (w Want) in(list []sdp.Section) bool {
	return w.Kind == "" || slices.ContainsFunc(list, func(s sdp.Section) bool {
		return w.Kind == s.Kind && (w.Mid == s.Mid || w.Kind == "application")
	})
}
