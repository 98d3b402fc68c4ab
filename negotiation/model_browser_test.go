package negotiation

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/browser"
	"perfect-negotiation/negotiation/internal/held"
	"perfect-negotiation/negotiation/internal/sdp"
)

// browserModel is the W3C's RTCPeerConnection: it has an operations chain, fires
// negotiationneeded, and rolls back.
//
// It is not compared with Chromium (156) where that rolls back: Chromium then
// offers no data channel that the offer had, keeps its header extension ids, and
// may lose its networks.
type browserModel struct {
	common
	browser.Hint
	busy      bool // the operations chain is not empty
	onEmpty   bool // update the negotiation-needed flag when it is
	flag      bool // [[NegotiationNeeded]]
	lastOffer string
	mids      []string // that the last offer gives to the transceivers
}

func newBrowserModel(name string, o outside) *browserModel {
	return &browserModel{common: common{outside: o, name: name, state: webrtc.SignalingStateStable}}
}

// do runs one operation of the chain.
func (p *browserModel) do(operation string, f func() error) error {
	p.busy = true
	err := p.outside.within(operation)
	if err == nil && p.state == webrtc.SignalingStateClosed {
		err = ErrClosed
	}
	if err == nil {
		err = f()
	}
	if err == nil && strings.HasPrefix(operation, "Set") {
		// It has been done, but its promise has not settled.
		if p.outside.within(operation+" done") != nil || p.state == webrtc.SignalingStateClosed {
			err = ErrClosed
		}
	}
	p.busy = false
	if p.onEmpty {
		p.onEmpty = false
		p.update()
	}
	return err
}

// update updates the negotiation-needed flag.
// https://www.w3.org/TR/webrtc/#dfn-update-the-negotiation-needed-flag
func (p *browserModel) update() {
	if p.busy {
		p.onEmpty = true
		return
	}
	p.outside.task()
}

// runTask is the task that update queued.
func (p *browserModel) runTask() {
	switch {
	case p.busy:
		p.onEmpty = true
	case p.state != webrtc.SignalingStateStable:
	case !p.check():
		p.flag = false
	case !p.flag:
		p.flag = true
		p.Fired()
		p.outside.needed()
	}
}

// check checks if negotiation is needed.
// https://www.w3.org/TR/webrtc/#dfn-check-if-negotiation-is-needed
func (p *browserModel) check() bool {
	local, remote := read(p.current.local), read(p.current.remote)
	if p.channel && !local.data() {
		return true
	}
	for _, t := range p.transceivers {
		ours, ok := local.at(t.mid)
		theirs, _ := remote.at(t.mid)
		switch {
		case t.mid == "" || !ok:
			return true
		case p.current.offered && t.dir != ours.dir && t.dir != theirs.dir.Reversed():
			return true
		case !p.current.offered && ours.dir != t.dir&theirs.dir.Reversed():
			return true
		}
	}
	return false
}

// change makes one of the changes. https://www.w3.org/TR/webrtc/#dom-rtcpeerconnection-addtrack
func (p *browserModel) change(what string) {
	switch what {
	case "channel":
		p.channel = true
	case "audio", "video":
		p.transceivers = append(p.transceivers, transceiver{kind: what, dir: sdp.Sendrecv})
	case "track":
		free := func(t transceiver) bool { return t.kind == "audio" && !t.track && !t.sent }
		if i := slices.IndexFunc(p.transceivers, free); i >= 0 {
			p.transceivers[i].track = true
			p.transceivers[i].dir |= sdp.Sendonly
		} else {
			p.transceivers = append(p.transceivers, transceiver{kind: "audio", dir: sdp.Sendrecv, byTrack: true, track: true})
		}
	case "remove":
		p.remove(func(t transceiver) bool { return t.dir&sdp.Sendonly != 0 })
	}
	p.update()
}

func (*browserModel) NameSections() error { return nil }

func (p *browserModel) Look(kind webrtc.SDPType, remote *sdp.Description) (held.Plan, error) {
	return planned(p.SetRemoteDescription, kind, remote)
}

func (*browserModel) Superseded(err error) bool { return err == errNotTheLast }

// CreateOffer has no effect but that its offer is the last one.
func (p *browserModel) CreateOffer(restart bool) (d held.Local, err error) {
	err = p.do("CreateOffer", func() error {
		d = p.offer(restart)
		return nil
	})
	return d, err
}

func (p *browserModel) offer(restart bool) held.Local {
	before := read(p.current.local)
	offer := description{ufrag: before.ufrag, setup: "actpass"}
	for _, l := range before.lines {
		if t := p.find(l.mid); t != nil && l.kind != "application" {
			l.dir = t.dir
		}
		offer.lines = append(offer.lines, l)
	}
	p.mids = nil
	for _, t := range p.transceivers {
		if t.mid == "" {
			t.mid = freeMid(offer)
			offer.lines = append(offer.lines, line{kind: t.kind, mid: t.mid, dir: t.dir})
		}
		p.mids = append(p.mids, t.mid)
	}
	if p.channel && !offer.data() {
		offer.lines = append(offer.lines, line{kind: "application", mid: freeMid(offer)})
	}
	if offer.ufrag == "" || restart {
		offer.ufrag = p.freshUfrag()
	}
	p.lastOffer = offer.text()
	return made(webrtc.SDPTypeOffer, p.lastOffer)
}

func freeMid(d description) string {
	for n := 0; ; n++ {
		if _, used := d.at(strconv.Itoa(n)); !used {
			return strconv.Itoa(n)
		}
	}
}

// CreateAnswer has no effect.
func (p *browserModel) CreateAnswer() (d held.Local, err error) {
	err = p.do("CreateAnswer", func() (err error) {
		d, err = p.answer()
		return err
	})
	return d, err
}

func (p *browserModel) answer() (held.Local, error) {
	if p.state != webrtc.SignalingStateHaveRemoteOffer {
		return held.Local{}, errState
	}
	answer := description{ufrag: read(p.current.local).ufrag, setup: p.role}
	for _, l := range read(p.pending.remote).lines {
		if t := p.find(l.mid); t != nil && l.kind != "application" {
			l.dir = l.dir.Reversed() & t.dir
		}
		answer.lines = append(answer.lines, l)
	}
	if answer.ufrag == "" || p.restarted() {
		answer.ufrag = p.freshUfrag()
	}
	if answer.setup == "" {
		answer.setup = "active"
	}
	return made(webrtc.SDPTypeAnswer, answer.text()), nil
}

// AddICECandidate is an operation of the chain, too.
func (p *browserModel) AddICECandidate(candidate webrtc.ICECandidateInit) error {
	return p.do("AddICECandidate", func() error { return p.common.AddICECandidate(candidate) })
}

// SetLocalDescription sets the last offer, or an answer.
func (p *browserModel) SetLocalDescription(d webrtc.SessionDescription) error {
	return p.do("SetLocalDescription", func() error { return p.setLocal(d) })
}

func (p *browserModel) setLocal(d webrtc.SessionDescription) error {
	before := read(p.current.local).ufrag
	switch {
	case d.Type == webrtc.SDPTypeOffer && p.state == webrtc.SignalingStateHaveRemoteOffer,
		d.Type == webrtc.SDPTypeAnswer && p.state != webrtc.SignalingStateHaveRemoteOffer:
		return errState
	case d.Type == webrtc.SDPTypeOffer && d.SDP != p.lastOffer:
		return errNotTheLast
	case d.Type == webrtc.SDPTypeOffer:
		for i, mid := range p.mids {
			p.transceivers[i].mid = mid
		}
		p.pending = exchange{local: d.SDP, offered: true}
		p.state = webrtc.SignalingStateHaveLocalOffer
	default:
		p.pending.local = d.SDP
		if err := p.stable(read(d.SDP)); err != nil {
			return err
		}
	}
	if ufrag := read(d.SDP).ufrag; ufrag != before {
		p.outside.gathered(ufrag)
	}
	return nil
}

// stable ends an exchange.
func (p *browserModel) stable(answer description) error {
	if err := p.complete(answer); err != nil {
		return err
	}
	p.flag = false
	p.update()
	return nil
}

// SetRemoteDescription sets an offer, rolling ours back, or an answer.
func (p *browserModel) SetRemoteDescription(d webrtc.SessionDescription) error {
	return p.do("SetRemoteDescription", func() error { return p.setRemote(d) })
}

func (p *browserModel) setRemote(d webrtc.SessionDescription) error {
	remote := read(d.SDP)
	if d.Type == webrtc.SDPTypeAnswer {
		if p.state != webrtc.SignalingStateHaveLocalOffer {
			return errState
		}
		if !answers(read(p.pending.local), remote) {
			return errMatch
		}
		p.pending.remote = d.SDP
		return p.stable(remote)
	}
	if p.state == webrtc.SignalingStateHaveLocalOffer {
		p.rollback()
	}
	if !continues(read(p.current.remote), remote) {
		return errMatch
	}
	for _, l := range remote.lines {
		p.associate(l)
	}
	p.pending = exchange{remote: d.SDP}
	p.state = webrtc.SignalingStateHaveRemoteOffer
	return nil
}

// associate finds or makes the transceiver of a section.
// https://www.rfc-editor.org/rfc/rfc8829#section-5.10
func (p *browserModel) associate(l line) {
	if l.kind == "application" || p.find(l.mid) != nil {
		return
	}
	i := slices.IndexFunc(p.transceivers, func(t transceiver) bool {
		return t.mid == "" && t.byTrack && t.kind == l.kind && l.dir&sdp.Recvonly != 0
	})
	if i >= 0 {
		p.transceivers[i].mid = l.mid
		return
	}
	p.transceivers = append(p.transceivers, transceiver{kind: l.kind, mid: l.mid, dir: sdp.Recvonly})
}

func (p *browserModel) rollback() {
	for i := range p.transceivers {
		if _, ok := read(p.current.local).at(p.transceivers[i].mid); !ok {
			p.transceivers[i].mid = ""
		}
	}
	p.pending = exchange{}
	p.state = webrtc.SignalingStateStable
}
