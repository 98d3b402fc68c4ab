//go:build !js

package negotiation

import (
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/rtcerr"

	"perfect-negotiation/negotiation/internal/sdp"
)

// startTimeout bounds the wait for ICE to start, which takes no network.
const startTimeout = 5 * time.Second

// PoliteConfiguration returns c with what makes a polite native peer connect
// as fast as an impolite one: a candidate pool, so that its offers carry
// candidates although they are held back. pion takes the pool size only when a
// PeerConnection is made. In a browser it returns c as it is.
func PoliteConfiguration(c webrtc.Configuration) webrtc.Configuration {
	c.ICECandidatePoolSize = 1
	return c
}

// adapt gives a pion PeerConnection browser semantics.
func adapt(pc *webrtc.PeerConnection, polite bool, to hooks) (adapter, error) {
	p := &pion{pc: pc, prefix: "i", stop: to.stop, unsent: func(err error) { to.report(SendFailed, err) }}
	if polite {
		p.prefix = "p"
	}
	h := &held{pc: p, polite: polite}
	if err := p.canOffer(); err != nil {
		return nil, err
	}
	before, err := p.past()
	if err != nil {
		return nil, err
	}
	if err := h.adopt(before); err != nil {
		return nil, err
	}
	p.senders.adopt(pc.GetTransceivers(), p.order)
	pc.OnNegotiationNeeded(to.recheck)
	pc.OnSignalingStateChange(nil)
	pc.OnICECandidate(func(c *webrtc.ICECandidate) {
		if c == nil {
			to.enqueue(func() { to.candidate(nil) })
			return
		}
		init := c.ToJSON()
		to.enqueue(func() {
			ufrag := h.ufrag
			init.UsernameFragment = &ufrag
			p.place(&init)
			to.candidate(&init)
		})
	})
	return native{h}, nil
}

// native is the adapter of a pion PeerConnection.
type native struct{ *held }

func (native) flush() {}

// detach leaves our handlers where they are: what they enqueue is dropped. Those of
// the next Session may have replaced them already.
func (native) detach() {}

// pion is a pion PeerConnection as held.go sees it.
type pion struct {
	pc         *webrtc.PeerConnection
	prefix     string // of the mids that we give
	named      int    // how many
	hasData    bool   // a data channel was once created here or there
	started    bool   // ICE was
	stop       <-chan struct{}
	unsent     func(error) // is told of what cannot be sent
	senders    senders
	codecs     []codec // that pion has
	incomplete bool    // it may have more

	// Of the last remote description.
	order      []sdp.Section     // as on the wire
	seen       []sdp.Section     // those of them that pion has seen
	offered    []sdp.Section     // of the last offer that pion has seen
	meaning    map[payload]codec // of the payload types that pion has seen
	ufrag, pwd string            // where there were some
	unseen     bool              // it is an offer of which pion does not hear
	group      []string          // the BUNDLE group that our next description follows

	carrier *carrier // in our last description
}

// SignalingState is have-remote-offer also while pion has not heard of the offer.
func (p *pion) SignalingState() webrtc.SignalingState {
	state := p.pc.SignalingState()
	if state == webrtc.SignalingStateStable && p.unseen {
		return webrtc.SignalingStateHaveRemoteOffer
	}
	return state
}

func (p *pion) NameSections() error {
	for _, t := range p.pc.GetTransceivers() {
		if err := p.name(t); err != nil {
			return err
		}
	}
	return nil
}

func (p *pion) name(t *webrtc.RTPTransceiver) error {
	for t.Mid() == "" {
		mid := p.prefix + strconv.Itoa(p.named)
		p.named++
		if p.transceiver(mid) != nil || p.ordered(mid) {
			continue
		}
		if err := t.SetMid(mid); err != nil {
			return err
		}
	}
	return nil
}

func (p *pion) transceiver(mid string) *webrtc.RTPTransceiver {
	for _, t := range p.pc.GetTransceivers() {
		if t.Mid() == mid {
			return t
		}
	}
	return nil
}

func (p *pion) CreateOffer(restart bool) (local, error) {
	p.awaitICE() // a restart would forget what it waits for
	p.senders.made = sendersOf(p.pc.GetTransceivers())
	return p.made(p.pc.CreateOffer(&webrtc.OfferOptions{
		OfferAnswerOptions: webrtc.OfferAnswerOptions{ICETricklingSupported: true},
		ICERestart:         restart,
	}))
}

func (p *pion) CreateAnswer() (local, error) {
	if p.unseen {
		return local{webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer}, sdp.Rejecting(p.order)}, nil
	}
	p.senders.made = sendersOf(p.pc.GetTransceivers())
	return p.made(p.pc.CreateAnswer(&webrtc.AnswerOptions{
		OfferAnswerOptions: webrtc.OfferAnswerOptions{ICETricklingSupported: true},
	}))
}

func (p *pion) made(d webrtc.SessionDescription, err error) (local, error) {
	if err != nil {
		return local{}, err
	}
	wire := p.arrange(sdp.Parse(d.SDP))
	p.carrier = carrierOf(wire)
	if d.Type == webrtc.SDPTypeAnswer {
		p.group = wire.Bundle()
	}
	return local{d, wire}, nil
}

// Commits implements [committed]: pion has no way back if every section is
// rejected. It starts nothing then, and nobody rejects a section of data channels.
func (p *pion) Commits(offered []sdp.Section) bool {
	return p.pc.CurrentRemoteDescription() != nil || slices.ContainsFunc(offered, func(s sdp.Section) bool { return s.Kind == "application" })
}

func (p *pion) SetLocalDescription(d webrtc.SessionDescription) error {
	if p.unseen {
		p.unseen = false
		return nil
	}
	if d.Type == webrtc.SDPTypeOffer {
		return p.pc.SetLocalDescription(d)
	}
	return p.senders.exchange(p.pc, p.offered, func() error { return p.pc.SetLocalDescription(d) }, p.unsent)
}

// awaitICE waits until the first exchange has started ICE, which pion does on a
// goroutine of its own. Before, the next description looks like an ICE restart
// to it (icetransport.go:452), and the two never connect. No event tells of it.
func (p *pion) awaitICE() {
	if p.started || p.pc.CurrentRemoteDescription() == nil {
		return
	}
	timeout := time.NewTimer(startTimeout)
	defer timeout.Stop()
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	for p.pc.SignalingState() != webrtc.SignalingStateClosed {
		remote, err := p.pc.SCTP().Transport().ICETransport().GetRemoteParameters()
		if p.started = err == nil && remote.UsernameFragment != ""; p.started {
			return
		}
		select {
		case <-again.C:
		case <-p.stop:
			return
		case <-timeout.C:
			return
		}
	}
}

func (p *pion) AddICECandidate(c webrtc.ICECandidateInit) error {
	if p.order != nil && p.pc.RemoteDescription() == nil { // pion has not heard of what it belongs to
		return nil
	}
	return p.pc.AddICECandidate(c)
}

func (p *pion) Superseded(err error) bool {
	var modification *rtcerr.InvalidModificationError
	return errors.As(err, &modification) && p.pc.SignalingState() == webrtc.SignalingStateStable
}

func (p *pion) Wants() []want {
	var wants []want
	for _, t := range p.pc.GetTransceivers() {
		w := want{mid: t.Mid(), kind: t.Kind().String(), what: t.Direction().String()}
		if sender := t.Sender(); sender != nil && sender.Track() != nil {
			w.what += " " + sender.Track().StreamID() + " " + sender.Track().ID()
		}
		wants = append(wants, w)
	}
	if p.data() {
		wants = append(wants, want{kind: "application"})
	}
	return wants
}

// data reports whether a data channel was created here, or there is a section for
// one. Only GetStats reveals the former, and there pion (pc:3056) reads what a receiver
// of media may be writing: do not ask more often than necessary.
func (p *pion) data() bool {
	if !p.hasData {
		p.hasData = slices.ContainsFunc(p.order, func(s sdp.Section) bool { return s.Kind == "application" })
	}
	if !p.hasData {
		stats, _ := p.pc.GetStats().GetConnectionStats(p.pc)
		p.hasData = stats.DataChannelsRequested > 0
	}
	return p.hasData
}
