//go:build !js

package pion

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/ice/v4"
	pionsdp "github.com/pion/sdp/v3"
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
	trueGroup  = "grouped" // the attribute that has the BUNDLE group, of all
	nothing    = "nothing" // the kind of one that is not on the wire
)

// show returns what pion is to see of a remote description: its sections, without those
// that are hidden, and what pion reads of them. So no line can be in the way that it
// could not read. The transport, which all share, is said of all.
func (l *look) show() *sdp.Description {
	shown := l.remote.Plain()
	shown.Drop(isTransport)
	var group []string
	for i, m := range shown.Media {
		if l.parts[i].hidden {
			hide(m)
			continue
		}
		group = append(group, m.Mid)
		l.showSection(m, l.parts[i].formats)
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

// showSection leaves out what pion cannot read.
func (l *look) showSection(m *sdp.Media, known []format) {
	upper := layers(m)
	m.Drop(func(key, value string) bool {
		first, rest, _ := strings.Cut(value, " ")
		switch key {
		case "candidate", "end-of-candidates", "bundle-only":
			return true
		case "extmap":
			return new(pionsdp.ExtMap).Unmarshal(key+":"+value) != nil
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
		for _, f := range known {
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

// showTransport says the credentials and the fingerprint of all. pion takes both
// credentials from the place that has the ufrag. Where every section is rejected they are
// those from before: it wants some.
func (l *look) showTransport(shown *sdp.Description) {
	ufrag, pwd := l.remote.Ufrag(), ""
	if pwd, _ = l.remote.Transport("ice-pwd"); ufrag == "" {
		ufrag, pwd = l.pion.ufrag, l.pion.pwd
	}
	if ufrag != "" {
		shown.Add("ice-ufrag", ufrag)
		shown.Add("ice-pwd", pwd)
	}
	if fingerprint, err := l.remote.Fingerprint(); err == nil && fingerprint != "" {
		shown.Add("fingerprint", fingerprint)
	}
}

// showCandidates says the candidates of the transport in the section where pion looks.
func (l *look) showCandidates(m *sdp.Media) {
	carrier := l.remote.Carrier()
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

// isTransport reports whether an attribute is about the transport.
func isTransport(key, _ string) bool {
	switch key {
	case "group", "ice-ufrag", "ice-pwd", "fingerprint", "setup", trueGroup:
		return true
	}
	return false
}

// readable reports whether pion can read a candidate, or passes over it because of its
// type or its network. It would refuse a description in which it can read none.
func readable(candidate string) bool {
	_, err := ice.UnmarshalCandidate(candidate)
	return err == nil || errors.Is(err, ice.ErrUnknownCandidateTyp) || errors.Is(err, ice.ErrDetermineNetworkType)
}

// hide makes of m a section of a kind that pion passes over.
func hide(m *sdp.Media) {
	kind := m.Kind
	m.Drop(func(key, _ string) bool { return key != "mid" })
	m.SetKind(hiddenKind)
	m.SetFormats(nil)
	m.Add(trueKind, kind)
}

// accompany adds a section that pion passes over.
func accompany(d *sdp.Description, mid string) {
	m := sdp.Rejection(hiddenKind, mid)
	m.Add(trueKind, nothing)
	d.Media = append(d.Media, m)
}

// unhide makes of a description that pion has seen what it was on the wire.
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
	p.recall(theirs)
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
	p.order, p.group, p.protocols = remote.Sections(), remote.Bundle(), nil
	for _, m := range remote.Media {
		p.protocols = append(p.protocols, m.Protocol())
	}
	if ufrag := remote.Ufrag(); ufrag != "" {
		p.ufrag = ufrag
		p.pwd, _ = remote.Transport("ice-pwd")
	}
}
