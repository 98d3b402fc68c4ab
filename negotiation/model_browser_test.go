package negotiation

import (
	"slices"
	"strconv"

	"github.com/pion/webrtc/v4"
)

// browserModel is the W3C's RTCPeerConnection: it rolls back, has an operations
// chain, and fires negotiationneeded.
type browserModel struct {
	common
	busy    bool   // the operations chain is not empty
	onEmpty bool   // update the negotiation-needed flag when it is
	flag    bool   // [[NegotiationNeeded]]
	replace string // [[LocalIceCredentialsToReplace]]
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
	if err == nil {
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
		p.outside.needed()
	}
}

// check checks if negotiation is needed.
// https://www.w3.org/TR/webrtc/#dfn-check-if-negotiation-is-needed
func (p *browserModel) check() bool {
	local, remote := read(p.current.local), read(p.current.remote)
	if p.replace != "" {
		return true
	}
	if p.channel && !local.data() {
		return true
	}
	for _, t := range p.transceivers {
		ours, ok := local.at(t.mid)
		theirs, _ := remote.at(t.mid)
		switch {
		case t.mid == "" || !ok:
			return true
		case p.current.offered && t.dir != ours.dir && t.dir != theirs.dir.reversed():
			return true
		case !p.current.offered && ours.dir != t.dir&theirs.dir.reversed():
			return true
		}
	}
	return false
}

// Differs implements rolling.
func (p *browserModel) Differs() bool { return p.check() }

// RestartICE implements PeerConnection.
func (p *browserModel) RestartICE() {
	if p.current.local != "" {
		p.replace = read(p.current.local).ufrag
		p.update()
	}
}

// AddICECandidate implements PeerConnection.
func (p *browserModel) AddICECandidate(c *webrtc.ICECandidateInit) error {
	return p.common.AddICECandidate(*c)
}

// SetLocalDescription implements PeerConnection.
func (p *browserModel) SetLocalDescription() (webrtc.SessionDescription, error) {
	var d webrtc.SessionDescription
	err := p.do("SetLocalDescription", func() (err error) {
		switch p.state {
		case webrtc.SignalingStateStable:
			d = p.offer()
		case webrtc.SignalingStateHaveRemoteOffer:
			d, err = p.answer()
		default:
			err = errState
		}
		return err
	})
	return d, err
}

func (p *browserModel) offer() webrtc.SessionDescription {
	before := read(p.current.local)
	offer := description{ufrag: before.ufrag, setup: "actpass"}
	for _, l := range before.lines {
		if t := p.find(l.mid); t != nil && l.kind != "application" {
			l.dir = t.dir
		}
		offer.lines = append(offer.lines, l)
	}
	for i := range p.transceivers {
		if t := &p.transceivers[i]; t.mid == "" {
			t.mid = freeMid(offer)
			offer.lines = append(offer.lines, line{kind: t.kind, mid: t.mid, dir: t.dir})
		}
	}
	if p.channel && !offer.data() {
		offer.lines = append(offer.lines, line{kind: "application", mid: freeMid(offer)})
	}
	if offer.ufrag == "" || offer.ufrag == p.replace {
		offer.ufrag = p.freshUfrag()
		p.outside.gathered(offer.ufrag)
	}
	p.pending = exchange{local: offer.text(), offered: true}
	p.state = webrtc.SignalingStateHaveLocalOffer
	return webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: p.pending.local}
}

func freeMid(d description) string {
	for n := 0; ; n++ {
		if _, used := d.at(strconv.Itoa(n)); !used {
			return strconv.Itoa(n)
		}
	}
}

func (p *browserModel) answer() (webrtc.SessionDescription, error) {
	answer := description{ufrag: read(p.current.local).ufrag, setup: p.role}
	for _, l := range read(p.pending.remote).lines {
		if t := p.find(l.mid); t != nil && l.kind != "application" {
			l.dir = l.dir.reversed() & t.dir
		}
		answer.lines = append(answer.lines, l)
	}
	if answer.ufrag == "" || p.restarted() {
		answer.ufrag = p.freshUfrag()
		p.outside.gathered(answer.ufrag)
	}
	if answer.setup == "" {
		answer.setup = "active"
	}
	d := webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer.text()}
	p.pending.local = d.SDP
	return d, p.stable(answer)
}

// stable ends an exchange.
func (p *browserModel) stable(answer description) error {
	if err := p.complete(answer); err != nil {
		return err
	}
	if read(p.current.local).ufrag != p.replace {
		p.replace = ""
	}
	p.flag = false
	p.update()
	return nil
}

// SetRemoteDescription implements PeerConnection.
func (p *browserModel) SetRemoteDescription(d webrtc.SessionDescription) error {
	return p.do("SetRemoteDescription", func() error {
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
		if p.state != webrtc.SignalingStateStable {
			return errState
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
	})
}

// associate finds or makes the transceiver of a section.
// https://www.rfc-editor.org/rfc/rfc8829#section-5.10
func (p *browserModel) associate(l line) {
	if l.kind == "application" || p.find(l.mid) != nil {
		return
	}
	i := slices.IndexFunc(p.transceivers, func(t transceiver) bool {
		return t.mid == "" && t.byTrack && t.kind == l.kind && l.dir&recvonly != 0
	})
	if i >= 0 {
		p.transceivers[i].mid = l.mid
		return
	}
	p.transceivers = append(p.transceivers, transceiver{kind: l.kind, mid: l.mid, dir: recvonly})
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
