//go:build !js

package negotiation

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/held"
	"perfect-negotiation/negotiation/internal/sdp"
)

// pionModel is pion's native PeerConnection (v4.2.26): no rollback, mids for good,
// and offers that leave traces.
//
// Its negotiationneeded is not compared with pion's: that one gets stuck, and fires
// for ever for a recvonly remote section (pc:433), so package held does not listen to it.
type pionModel struct {
	common
	prefix    string
	named     int
	lastOffer string
	ufrag     string                   // the agent's
	theirs    map[string]sdp.Direction // by mid, of the last remote offer
}

func newPionModel(name string, o outside) *pionModel {
	p := &pionModel{common: common{outside: o, name: name, state: webrtc.SignalingStateStable}, prefix: name[:1], theirs: map[string]sdp.Direction{}}
	p.ufrag = p.freshUfrag()
	return p
}

// change makes one of the changes. AddTransceiverFromKind comes with a track
// (pc:2604), and AddTrack takes any transceiver that does not send (pc:2481).
func (p *pionModel) change(what string) {
	switch what {
	case "channel":
		p.channel = true
	case "audio", "video":
		p.transceivers = append(p.transceivers, transceiver{kind: what, dir: sdp.Sendrecv, track: true})
	case "track":
		free := func(t transceiver) bool {
			theirs, heard := p.theirs[t.mid]
			return t.kind == "audio" && !t.track && t.negotiated&sdp.Sendonly == 0 && (!heard || theirs&sdp.Recvonly != 0)
		}
		if i := slices.IndexFunc(p.transceivers, free); i >= 0 {
			p.transceivers[i].track, p.transceivers[i].byTrack = true, true
			p.transceivers[i].dir |= sdp.Sendonly
		} else {
			p.transceivers = append(p.transceivers, transceiver{kind: "audio", dir: sdp.Sendrecv, track: true, byTrack: true})
		}
	case "remove":
		p.remove(func(t transceiver) bool { return t.dir&sdp.Sendonly != 0 && t.track })
	}
}

// differs reports whether an offer would say something new.
func (p *pionModel) differs() bool {
	local, remote := read(p.current.local), read(p.current.remote)
	return p.channel && !local.data() || slices.ContainsFunc(p.transceivers, func(t transceiver) bool {
		l, ok := local.at(t.mid)
		if theirs, _ := remote.at(t.mid); !p.current.offered { // package held said no more than that
			l.dir &= theirs.dir.Reversed()
		}
		return !ok || l.dir != t.dir
	})
}

func (p *pionModel) NameSections() error {
	for i := range p.transceivers {
		if t := &p.transceivers[i]; t.mid == "" {
			t.mid = p.prefix + strconv.Itoa(p.named)
			p.named++
		}
	}
	return nil
}

func (p *pionModel) Wants() []held.Want {
	var wants []held.Want
	for _, t := range p.transceivers {
		wants = append(wants, held.Want{Mid: t.mid, Kind: t.kind, What: t.dir.String()})
	}
	if p.channel {
		wants = append(wants, held.Want{Kind: "application"})
	}
	return wants
}

func (p *pionModel) Look(kind webrtc.SDPType, remote *sdp.Description) (held.Plan, error) {
	return planned(p.SetRemoteDescription, kind, remote)
}

func (p *pionModel) Superseded(error) bool { return false }

func (p *pionModel) Commits(offered []sdp.Section) bool {
	return p.current.remote != "" || slices.ContainsFunc(offered, func(s sdp.Section) bool { return s.Kind == "application" })
}

// CreateOffer restarts the agent at once (pc:712).
func (p *pionModel) CreateOffer(restart bool) (held.Local, error) {
	if err := p.within("CreateOffer"); err != nil {
		return held.Local{}, err
	}
	if restart {
		p.ufrag = p.freshUfrag()
	}
	offer := description{ufrag: p.ufrag, setup: "actpass"}
	for _, l := range read(p.current.remote).lines {
		if t := p.find(l.mid); t != nil && l.kind != "application" {
			l.dir = t.dir
		}
		offer.lines = append(offer.lines, l)
	}
	for _, t := range p.transceivers {
		if _, ok := offer.at(t.mid); !ok {
			offer.lines = append(offer.lines, line{kind: t.kind, mid: t.mid, dir: t.dir})
		}
	}
	if p.channel && !offer.data() {
		offer.lines = append(offer.lines, line{kind: "application", mid: strconv.Itoa(len(offer.lines))})
	}
	p.lastOffer = offer.text()
	return made(webrtc.SDPTypeOffer, p.lastOffer), nil
}

func (p *pionModel) within(operation string) error {
	if err := p.outside.within(operation); err != nil {
		return err
	}
	if p.state == webrtc.SignalingStateClosed {
		return ErrClosed
	}
	return nil
}

// CreateAnswer keeps the DTLS role (pc:966).
func (p *pionModel) CreateAnswer() (held.Local, error) {
	if err := p.within("CreateAnswer"); err != nil {
		return held.Local{}, err
	}
	if p.state != webrtc.SignalingStateHaveRemoteOffer {
		return held.Local{}, errState
	}
	answer := description{ufrag: p.ufrag, setup: cmp.Or(p.role, "active")}
	for _, l := range read(p.pending.remote).lines {
		if t := p.find(l.mid); t != nil && l.kind != "application" {
			l.dir = t.dir
		}
		answer.lines = append(answer.lines, l)
	}
	return made(webrtc.SDPTypeAnswer, answer.text()), nil
}

func (p *pionModel) AddICECandidate(candidate webrtc.ICECandidateInit) error {
	if err := p.within("AddICECandidate"); err != nil {
		return err
	}
	return p.common.AddICECandidate(candidate)
}

func (p *pionModel) SetLocalDescription(d webrtc.SessionDescription) error {
	if err := p.within("SetLocalDescription"); err != nil {
		return err
	}
	switch {
	case d.Type == webrtc.SDPTypeOffer && d.SDP != p.lastOffer:
		return errNotTheLast
	case d.Type == webrtc.SDPTypeOffer && p.state == webrtc.SignalingStateStable:
		p.state = webrtc.SignalingStateHaveLocalOffer
		p.pending = exchange{local: d.SDP, offered: true}
	case d.Type == webrtc.SDPTypeAnswer && p.state == webrtc.SignalingStateHaveRemoteOffer:
		p.pending.local = d.SDP
		p.role = "" // it does not look at it
		if err := p.complete(read(d.SDP)); err != nil {
			return err
		}
		for i := range p.transceivers { // so that AddTrack takes it (pc:1750)
			if t := &p.transceivers[i]; t.negotiated == sdp.Sendonly && !t.track {
				t.negotiated = sdp.Inactive
			}
		}
	default:
		return errState
	}
	p.outside.gathered(read(d.SDP).ufrag)
	return nil
}

func (p *pionModel) SetRemoteDescription(d webrtc.SessionDescription) error {
	if err := p.within("SetRemoteDescription"); err != nil {
		return err
	}
	remote := read(d.SDP)
	if d.Type == webrtc.SDPTypeAnswer {
		if p.state != webrtc.SignalingStateHaveLocalOffer {
			return errState
		}
		p.pending.remote = d.SDP
		p.role = ""
		return p.complete(remote)
	}
	if p.state != webrtc.SignalingStateStable {
		return errState
	}
	p.state = webrtc.SignalingStateHaveRemoteOffer
	p.pending = exchange{remote: d.SDP}
	if p.restarted() {
		p.ufrag = p.freshUfrag()
	}
	for _, l := range remote.lines {
		p.associate(l)
	}
	_ = p.NameSections() // so that pion itself takes none
	return nil
}

// associate finds or makes the transceiver of a section. The adapter lets pion see
// a direction for which it leaves that of the transceiver alone, see shielded.
func (p *pionModel) associate(l line) {
	if l.kind == "application" {
		return
	}
	t := p.find(l.mid)
	if t == nil {
		t = p.take(l)
	}
	switch {
	case t == nil:
		p.transceivers = append(p.transceivers, transceiver{kind: l.kind, mid: l.mid, dir: sdp.Recvonly})
		l.dir |= sdp.Sendonly
	case t.dir&sdp.Recvonly != 0:
		t.mid = l.mid
		l.dir |= sdp.Sendonly
	case t.dir == sdp.Sendonly && l.dir&sdp.Recvonly == 0:
		l.dir = sdp.Sendonly
	default:
		l.dir = sdp.Recvonly
	}
	p.theirs[l.mid] = l.dir
}

// take finds the transceiver that a new section takes: one with a track by AddTrack that
// has not been negotiated. The real one moves the track where there is a mid already.
func (p *pionModel) take(l line) *transceiver {
	if l.dir&sdp.Recvonly == 0 {
		return nil
	}
	before, now := read(p.current.remote), read(p.pending.remote)
	i := slices.IndexFunc(p.transceivers, func(t transceiver) bool {
		_, negotiated := before.at(t.mid)
		_, taken := now.at(t.mid)
		return t.byTrack && t.track && t.dir == sdp.Sendrecv && t.kind == l.kind && !negotiated && !taken
	})
	if i < 0 {
		return nil
	}
	if t := p.transceivers[i]; t.mid != "" {
		p.transceivers = append(slices.Delete(p.transceivers, i, i+1), t)
		i = len(p.transceivers) - 1
	}
	return &p.transceivers[i]
}
