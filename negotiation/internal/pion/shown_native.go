//go:build !js

package pion

import (
	"slices"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/held"
	"perfect-negotiation/negotiation/internal/sdp"
)

// pion makes a transceiver for a section that is rejected, or of which it has no
// codec, answers it without a mid, and can then make no offer any more (pc:823).
// So it sees such a section as one of a kind that it passes over (pc:1310,
// pc:3349), and does not hear of a description at all in which it would see none.
// On the wire the section stands where it stood, rejected.
//
// Where an offer has one section alone pion takes whatever it receives for media of
// that, as video even in a section of data channels (pc:2092). Media of our next
// offer may come before its answer, and would stay what pion took them for. So it
// sees one more section than there is, but for a section of data channels only
// where it has transceivers: without media it does not start SRTP (pc:3124).

const (
	hiddenKind = "text"
	trueKind   = "hidden"  // the attribute that names the kind of a section that is hidden
	nothing    = "nothing" // the kind of one that is not on the wire
)

// show makes of remote what pion is to see of it, and returns the sections that are
// not hidden.
func (l *look) show(remote *sdp.Description) (seen []sdp.Section) {
	offer := l.kind == webrtc.SDPTypeOffer
	for i, m := range remote.Media {
		if offer && !m.Rejected && m.Kind != "application" {
			m.SetDirection(shielded(l.transceivers[m.Mid], m.Direction))
		}
		if l.hides(i) {
			kind := m.Kind
			m.SetKind(hiddenKind)
			m.Add(trueKind, kind)
		} else {
			seen = append(seen, l.sections[i])
		}
	}
	switch alone := len(l.sections) == 1; {
	case offer && alone && (sdp.IsMedia(l.sections[0].Kind) || len(l.pion.pc.GetTransceivers()) > 0):
		accompany(remote, l.sections[0].Mid+"+")
	case !offer && len(seen) == 0:
		l.pion.withCredentials(remote)
	}
	return seen
}

// hides reports whether pion is not to see a section.
func (l *look) hides(i int) bool {
	switch s := l.sections[i]; {
	case s.Rejected:
		return true
	case s.Kind == "application":
		return false
	case !sdp.IsMedia(s.Kind):
		return true
	default:
		return l.kind == webrtc.SDPTypeOffer && l.transceivers[s.Mid] == nil && l.pion.lacks(l.formats[i])
	}
}

// accompany adds a section that pion passes over.
func accompany(d *sdp.Description, mid string) {
	m := sdp.Rejection(hiddenKind, mid)
	m.Add(trueKind, nothing)
	d.Media = append(d.Media, m)
}

// withCredentials has a description in which every section is rejected say that
// the credentials are those from before. pion wants some.
func (p *Connection) withCredentials(d *sdp.Description) {
	if p.ufrag != "" {
		d.Add("ice-ufrag", p.ufrag)
		d.Add("ice-pwd", p.pwd)
	}
}

// unhide makes of a description that pion has seen what it was on the wire.
func unhide(d *sdp.Description) {
	d.Media = slices.DeleteFunc(d.Media, func(m *sdp.Media) bool {
		if m.Kind != hiddenKind {
			return false
		}
		kind, hidden := m.Take(trueKind)
		if hidden && kind != nothing {
			m.SetKind(kind)
		}
		return hidden && kind == nothing
	})
}

// shielded is the direction that pion gets to see where offered is in an offer: one
// for which it leaves the direction of t alone (pc:1317, pc:1348). That is the application's,
// as in W3C: pion would lower it to what is offered and never raise it again, raise
// it where there is no receiver, and for inactive stop a transceiver with the track
// that was just put there. Package held answers what was really offered. A transceiver
// that pion makes wants to receive; nil stands for it.
// https://www.w3.org/TR/webrtc/#dfn-direction
func shielded(t *webrtc.RTPTransceiver, offered sdp.Direction) sdp.Direction {
	ours := sdp.Recvonly
	if t != nil {
		ours = sdp.DirectionOf(t.Direction().String())
	}
	switch {
	case ours&sdp.Recvonly != 0:
		return offered | sdp.Sendonly
	case ours == sdp.Sendonly && offered&sdp.Recvonly == 0:
		return sdp.Sendonly
	}
	return sdp.Recvonly
}

// Past returns what was negotiated before, as it was on the wire.
func (p *Connection) Past() (*held.Past, error) {
	local, remote := p.pc.CurrentLocalDescription(), p.pc.CurrentRemoteDescription()
	if local == nil || remote == nil {
		return nil, nil
	}
	theirs := sdp.Parse(remote.SDP)
	p.seen = slices.DeleteFunc(theirs.Sections(), func(s sdp.Section) bool { return s.Kind == hiddenKind })
	if err := p.recall(theirs); err != nil {
		return nil, err
	}
	unhide(theirs)
	p.remember(theirs)
	ours := p.arrange(sdp.Parse(local.SDP))
	if local.Type == webrtc.SDPTypeAnswer {
		p.group = ours.Bundle()
	}
	return &held.Past{Local: ours, Remote: theirs, Offered: local.Type == webrtc.SDPTypeOffer}, nil
}

// remember keeps what later descriptions need of a remote one.
func (p *Connection) remember(remote *sdp.Description) {
	p.order, p.group = remote.Sections(), remote.Bundle()
	if ufrag := remote.Ufrag(); ufrag != "" {
		p.ufrag = ufrag
		p.pwd, _ = remote.Transport("ice-pwd")
	}
}
