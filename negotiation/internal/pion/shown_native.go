//go:build !js

package pion

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/ice/v4"
	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/held"
	"perfect-negotiation/negotiation/internal/sdp"
)

// pion creates a transceiver for a section that is rejected or has no codec in
// common, answers it without a mid, and then cannot create an offer any more
// (pc:823). So such a section is shown to pion as one of a kind that it skips
// (pc:1310, pc:3349), and a description with no other section is not passed to pion
// at all. On the wire the section keeps its place, rejected.
//
// If an offer has a single section, pion takes all packets for media of that section,
// and for video if it is a section of data channels (pc:2092). Media of our next
// offer may come before its answer, and would stay misassigned. So pion is shown an
// additional section; with a section of data channels only if there are transceivers,
// because without media pion does not start SRTP (pc:3124).

const (
	hiddenKind = "text"
	trueKind   = "hidden"  // attribute with the real kind of a hidden section
	trueGroup  = "grouped" // attribute with the complete BUNDLE group
	nothing    = "nothing" // real kind of a section that is not on the wire
)

// show returns the description that pion sees: the sections that are not hidden, with
// only the lines that pion can read, so that no other line gets in its way. The
// credentials and the fingerprint of the shared transport move to the session level.
func (l *look) show() *sdp.Description {
	shown := l.remote.Plain()
	shown.Drop(isTransport)
	var group []string
	known := l.pion.extensions.clone()
	for i, m := range shown.Media {
		if l.parts[i].hidden {
			hide(m)
			continue
		}
		group = append(group, m.Mid)
		l.showSection(m, l.parts[i].formats, known)
	}
	shown.SetBundle(group)
	shown.Add(trueGroup, strings.Join(l.remote.Bundle(), " "))
	l.showTransport(shown)
	for _, m := range shown.Media {
		if len(group) > 0 && m.Mid == group[0] {
			l.showCandidates(m)
		}
	}
	alone := len(l.sections) == 1
	if l.kind == webrtc.SDPTypeOffer && alone && (sdp.IsMedia(l.sections[0].Kind) || len(l.pion.pc.GetTransceivers()) > 0) {
		accompany(shown, l.sections[0].Mid+"+")
	}
	return shown
}

// showSection removes the lines that pion cannot read.
func (l *look) showSection(m *sdp.Media, formats []format, known extensions) {
	upper := layers(m)
	m.Drop(func(key, value string) bool {
		first, rest, _ := strings.Cut(value, " ")
		switch key {
		case "candidate", "end-of-candidates", "bundle-only":
			return true
		case "extmap":
			return !known.admit(value)
		case "ssrc":
			return upper[first]
		case "ssrc-group":
			base, _, _ := strings.Cut(rest, " ")
			return first == "SIM" || upper[base]
		}
		return isTransport(key, value)
	})
	if m.Kind == "application" {
		m.SetFormats(nil)
	} else {
		var list []string
		for _, f := range formats {
			list = append(list, strconv.Itoa(int(f.payload)))
		}
		m.SetFormats(list)
		if l.kind == webrtc.SDPTypeOffer {
			m.SetDirection(shielded(l.transceivers[m.Mid], m.Direction))
		}
	}
	if setup := l.remote.Setup(); setup != "" {
		m.Add("setup", setup)
	}
}

// showTransport adds the ICE credentials and the fingerprint at the session level,
// because pion takes both credentials from the level that has the ufrag. It needs
// some even if every section is rejected: then they are the previous ones.
func (l *look) showTransport(shown *sdp.Description) {
	ufrag, pwd := l.pion.ufrag, l.pion.pwd
	if m := l.carrier(); m != nil && l.remote.Attribute(m, "ice-ufrag") != "" {
		ufrag, pwd = l.remote.Attribute(m, "ice-ufrag"), l.remote.Attribute(m, "ice-pwd")
	}
	if ufrag != "" {
		shown.Add("ice-ufrag", ufrag)
		shown.Add("ice-pwd", pwd)
	}
	if fingerprint, err := l.remote.Fingerprint(); err == nil && fingerprint != "" {
		shown.Add("fingerprint", fingerprint)
	}
}

// carrier returns the section that will carry the transport: if our answer rejects the
// tagged one, the next of the group.
// https://www.rfc-editor.org/rfc/rfc9143#section-7.3.2
func (l *look) carrier() *sdp.Media {
	for _, mid := range l.remote.Bundle() {
		i := slices.IndexFunc(l.sections, func(s sdp.Section) bool { return s.Mid == mid })
		if i >= 0 && !l.parts[i].hidden {
			return l.remote.Media[i]
		}
	}
	return l.remote.Carrier()
}

// showCandidates adds the candidates of the transport to the section where pion looks
// for them.
func (l *look) showCandidates(m *sdp.Media) {
	carrier := l.carrier()
	if carrier == nil {
		return
	}
	for _, candidate := range carrier.Values("candidate") {
		if readable(candidate) {
			m.Add("candidate", candidate)
		}
	}
	if carrier.Has("end-of-candidates") {
		m.Add("end-of-candidates", "")
	}
}

// isTransport reports whether an attribute describes the transport.
func isTransport(key, _ string) bool {
	switch key {
	case "group", "ice-ufrag", "ice-pwd", "fingerprint", "setup", trueGroup:
		return true
	}
	return false
}

// readable reports whether pion can read a candidate, or skips it because of its type
// or network. pion would refuse a description with an unreadable candidate.
func readable(candidate string) bool {
	_, err := ice.UnmarshalCandidate(candidate)
	return err == nil || errors.Is(err, ice.ErrUnknownCandidateTyp) || errors.Is(err, ice.ErrDetermineNetworkType)
}

// hide turns m into a section that pion skips.
func hide(m *sdp.Media) {
	kind := m.Kind
	m.Drop(func(key, _ string) bool { return key != "mid" })
	m.SetKind(hiddenKind)
	m.SetFormats(nil)
	m.Add(trueKind, kind)
}

// accompany adds a section that pion skips.
func accompany(d *sdp.Description, mid string) {
	m := sdp.Rejection(hiddenKind, mid)
	m.Add(trueKind, nothing)
	d.Media = append(d.Media, m)
}

// unhide turns a description that pion has seen back into the one on the wire.
func unhide(d *sdp.Description) {
	if group, is := d.Take(trueGroup); is {
		d.SetBundle(strings.Fields(group))
	}
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

// shielded returns the direction shown to pion if offered is the direction in an
// offer: one that makes pion leave the direction of t alone (pc:1317, pc:1348). As in
// W3C's API, that belongs to the application. pion would lower it to what is offered
// and never raise it again, raise it where there is no receiver, and for inactive
// stop a transceiver that was just given a track. Package held answers according to
// the real offer. t is nil for a transceiver that pion will create, which wants to
// receive.
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

// Past returns what was negotiated before, as on the wire; nil if nothing was.
func (p *Connection) Past() (*held.Past, error) {
	local, remote := p.pc.CurrentLocalDescription(), p.pc.CurrentRemoteDescription()
	if local == nil || remote == nil {
		return nil, nil
	}
	theirs := sdp.Parse(remote.SDP)
	p.seen = slices.DeleteFunc(theirs.Sections(), func(s sdp.Section) bool { return s.Kind == hiddenKind })
	p.recall(theirs)
	unhide(theirs)
	p.remember(theirs)
	p.findEnded()
	ours := p.arrange(sdp.Parse(local.SDP))
	ours.Cut(len(p.order)) // pion has offered sections that had ended
	if local.Type == webrtc.SDPTypeAnswer {
		p.group = ours.Bundle()
	}
	past := &held.Past{Local: ours, Remote: theirs, Offered: local.Type == webrtc.SDPTypeOffer}
	p.agreed = past.Answer()
	p.learn(theirs)
	return past, nil
}

// remember keeps what later descriptions need from a remote one.
func (p *Connection) remember(remote *sdp.Description) {
	p.order, p.group, p.protocols = remote.Sections(), remote.Bundle(), nil
	for _, m := range remote.Media {
		p.protocols = append(p.protocols, m.Protocol())
	}
	if ufrag := remote.Ufrag(); ufrag != "" {
		p.ufrag = ufrag
		p.pwd, _ = remote.Transport("ice-pwd")
	}
}
