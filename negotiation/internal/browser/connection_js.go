// Package browser adapts a browser's RTCPeerConnection to package held.
package browser

import (
	"strings"

	"github.com/hack-pad/safejs"
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/held"
	"perfect-negotiation/negotiation/internal/sdp"
	"perfect-negotiation/negotiation/trace"
)

// Connection is an RTCPeerConnection behind [held.Connection]. It uses pion's JSValue
// where pion's own methods lose something: the name of errors, the mid and ufrag of
// candidates.
//
// It holds pion's methods instead of pion's PeerConnection: a type in an interface
// links everything reachable from it into the program, a sixth of the download.
type Connection struct {
	signalingState              func() webrtc.SignalingState
	currentLocal, currentRemote func() *webrtc.SessionDescription

	state webrtc.SignalingState // known from events: to read it crosses into JavaScript

	Hint
	looked    bool     // changes made before we listened were looked for
	answered  int32    // events that fired before the last offer was made
	vain      bool     // the last offer said nothing new, although events asked for it
	group     []string // BUNDLE group of the last remote description
	js        safejs.Value
	to        held.Hooks
	listeners []listener
}

// SignalingState implements [held.Connection]. That the application has closed the
// connection is known once an operation fails: there is no event.
// https://www.w3.org/TR/webrtc/#dom-rtcpeerconnection-close
func (b *Connection) SignalingState() webrtc.SignalingState { return b.state }

func (b *Connection) look() { b.state = b.signalingState() }

// NameSections implements [held.Connection]: a browser frees the mids of a dropped
// offer.
func (*Connection) NameSections() error { return nil }

// CreateOffer implements [held.Connection]. Chromium (156) keeps the header extension
// ids of a dropped offer, and may then create an offer that it refuses itself.
func (b *Connection) CreateOffer(restart bool) (held.Local, error) {
	offer, err := b.create("createOffer", map[string]any{"iceRestart": restart})
	if err != nil {
		return held.Local{}, err
	}
	before, fired := b.past(), b.Count.Load()
	b.vain = !restart && fired != b.answered && !differs(offer, before)
	b.answered = fired
	if before != nil {
		offer.RenumberExtensions(before.Local.Sections())
	}
	offer.SetTag(before.Answer().Bundle())
	return b.made(webrtc.SDPTypeOffer, offer), nil
}

func (b *Connection) CreateAnswer() (held.Local, error) {
	answer, err := b.create("createAnswer")
	if err != nil {
		return held.Local{}, err
	}
	answer.SetTag(b.group)
	return b.made(webrtc.SDPTypeAnswer, answer), nil
}

// create has the browser create a description.
func (b *Connection) create(method string, args ...any) (*sdp.Description, error) {
	made, err := b.await(method, args...)
	text, _ := stringOf(made, "sdp")
	return sdp.Parse(text), err
}

func (*Connection) made(kind webrtc.SDPType, d *sdp.Description) held.Local {
	return held.Local{Made: webrtc.SessionDescription{Type: kind, SDP: d.String()}, Wire: d}
}

// past returns what was negotiated last; nil: nothing.
func (b *Connection) past() *held.Past { return held.NewPast(b.currentLocal(), b.currentRemote()) }

func (b *Connection) SetLocalDescription(d webrtc.SessionDescription) error {
	_, err := b.await("setLocalDescription", map[string]any{"type": d.Type.String(), "sdp": d.SDP})
	return err
}

// Look implements [held.Connection]: a browser validates before it changes anything.
func (b *Connection) Look(kind webrtc.SDPType, remote *sdp.Description) (held.Plan, error) {
	return plan{b, webrtc.SessionDescription{Type: kind, SDP: remote.String()}, remote.Bundle()}, nil
}

// plan implements [held.Plan].
type plan struct {
	*Connection
	remote webrtc.SessionDescription
	group  []string
}

func (plan) Empty() bool { return false }

func (to plan) Apply() error {
	before := to.SignalingState()
	_, err := to.await("setRemoteDescription", map[string]any{"type": to.remote.Type.String(), "sdp": to.remote.SDP})
	if err != nil && to.SignalingState() == before {
		return held.Refused(trace.Because(trace.NotTaken, err))
	}
	to.Connection.group = to.group
	return err
}

func (b *Connection) Superseded(err error) bool {
	return err != nil && strings.HasPrefix(err.Error(), "InvalidModificationError") && b.SignalingState() == webrtc.SignalingStateStable
}

// Commits implements [held.Connection].
func (*Connection) Commits([]sdp.Section) bool { return true }

// AddICECandidate implements [held.Connection]. An empty candidate is
// end-of-candidates.
func (b *Connection) AddICECandidate(c webrtc.ICECandidateInit) error {
	if c.Candidate == "" {
		_, err := b.await("addIceCandidate", nil)
		return err
	}
	init, err := candidateInit(c)
	if err == nil {
		_, err = b.await("addIceCandidate", init)
	}
	return err
}
