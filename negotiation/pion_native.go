//go:build !js

package negotiation

import (
	"errors"
	"slices"
	"strconv"
	"time"

	pionsdp "github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/rtcerr"
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
	local, remote, err := p.known()
	if err != nil {
		return nil, err
	}
	if err := p.recall(); err != nil {
		return nil, err
	}
	if err := h.adopt(local, remote); err != nil {
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
	pc      *webrtc.PeerConnection
	prefix  string // of the mids that we give
	named   int    // how many
	hasData bool   // a data channel was once created here or there
	started bool   // ICE was
	stop    <-chan struct{}
	unsent  func(error) // is told of what cannot be sent
	senders senders
	offered []section // of the remote offer

	codecs    []codec           // that pion has
	notAll    bool              // it may have more
	meaning   map[payload]codec // of the payload types that pion has seen
	order     []section         // of the last remote description, as on the wire
	seen      []section         // those of them that pion has seen
	group     []string          // the BUNDLE group that the next description of ours follows
	untold    bool              // there is a remote offer of which pion has not heard
	raw, sent string            // the last description that pion made, and as it goes on the wire
}

// SignalingState is have-remote-offer also while pion has not heard of the offer.
func (p *pion) SignalingState() webrtc.SignalingState {
	state := p.pc.SignalingState()
	if state == webrtc.SignalingStateStable && p.untold {
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
		if p.transceiver(mid) != nil || slices.ContainsFunc(p.order, func(s section) bool { return s.mid == mid }) {
			continue
		}
		if err := t.SetMid(mid); err != nil {
			return err
		}
	}
	return nil
}

// reserve names the transceivers that pion must not use for a new section: those
// that only send, for one on which the other side sends (they may have no
// receiver), and those that have no codec in common with one.
func (p *pion) reserve(offer *pionsdp.SessionDescription) error {
	for _, t := range p.pc.GetTransceivers() {
		if t.Mid() == "" && (t.Direction() == webrtc.RTPTransceiverDirectionSendonly || !p.suits(t, offer)) {
			if err := p.name(t); err != nil {
				return err
			}
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

func (p *pion) CreateOffer(restart bool) (webrtc.SessionDescription, error) {
	p.awaitICE() // a restart would forget what it waits for
	p.senders.made = sendersOf(p.pc.GetTransceivers())
	return p.made(p.pc.CreateOffer(&webrtc.OfferOptions{
		OfferAnswerOptions: webrtc.OfferAnswerOptions{ICETricklingSupported: true},
		ICERestart:         restart,
	}))
}

func (p *pion) CreateAnswer() (webrtc.SessionDescription, error) {
	if p.untold {
		return webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: rejecting(p.order)}, nil
	}
	p.senders.made = sendersOf(p.pc.GetTransceivers())
	return p.made(p.pc.CreateAnswer(&webrtc.AnswerOptions{
		OfferAnswerOptions: webrtc.OfferAnswerOptions{ICETricklingSupported: true},
	}))
}

func (p *pion) made(d webrtc.SessionDescription, err error) (webrtc.SessionDescription, error) {
	if err != nil {
		return d, err
	}
	p.raw, p.sent = d.SDP, p.arrange(d.SDP)
	d.SDP = p.sent
	if d.Type == webrtc.SDPTypeAnswer {
		parsed, err := parse(d.SDP)
		if err != nil {
			return d, err
		}
		p.group = parsed.bundle()
	}
	return d, nil
}

// Commits implements [committed]: pion has no way back if every section is
// rejected. It starts nothing then, and nobody rejects a section of data channels.
func (p *pion) Commits(offered []section) bool {
	return p.pc.CurrentRemoteDescription() != nil || slices.ContainsFunc(offered, func(s section) bool { return s.kind == "application" })
}

// Concerned implements [committed].
func (p *pion) Concerned(answer []section) bool {
	return p.pc.SignalingState() == webrtc.SignalingStateHaveLocalOffer || !allRejected(answer)
}

func (p *pion) SetLocalDescription(d webrtc.SessionDescription) error {
	if p.untold {
		p.untold = false
		return nil
	}
	if d.SDP == p.sent {
		d.SDP = p.raw // pion sets only the text that it made
	}
	if d.Type == webrtc.SDPTypeOffer {
		return p.pc.SetLocalDescription(d)
	}
	return p.senders.exchange(p.pc, p.offered, func() error { return p.pc.SetLocalDescription(d) }, p.unsent)
}

// SetRemoteDescription implements [committed].
func (p *pion) SetRemoteDescription(d webrtc.SessionDescription) error {
	parsed, err := parse(d.SDP)
	if err != nil {
		return err
	}
	seen, err := p.sight(d)
	if err != nil {
		return err
	}
	sections := parsed.sections()
	d.SDP = seen.text
	if d.Type == webrtc.SDPTypeAnswer {
		p.order, p.seen, p.meaning, p.group = sections, seen.sections, seen.meaning, parsed.bundle()
		p.awaitICE()
		return p.senders.exchange(p.pc, sections, func() error { return p.pc.SetRemoteDescription(d) }, p.unsent)
	}
	for _, s := range sections {
		if t := p.transceiver(s.mid); t != nil && s.rejected {
			if err := t.Stop(); err != nil {
				return err
			}
		}
	}
	p.order, p.untold = sections, len(seen.sections) == 0
	if p.untold {
		return nil
	}
	p.offered, p.seen, p.meaning = sections, seen.sections, seen.meaning
	p.group = parsed.bundle()
	if err := p.reserve(seen.parsed); err != nil {
		return err
	}
	p.awaitICE()
	return p.pc.SetRemoteDescription(d)
}

// shield returns an offer with directions that pion may see.
func (p *pion) shield(text string, offered []section) string {
	sections := slices.Clone(offered)
	for i, s := range sections {
		if !s.rejected {
			sections[i].direction = shielded(p.transceiver(s.mid), s.direction)
		}
	}
	return withDirections(text, sections)
}

// shielded is the direction that pion gets to see where offered is in an offer: one
// for which it leaves the direction of t alone (pc:1317, pc:1348). That is the application's,
// as in W3C: pion would lower it to what is offered and never raise it again, raise
// it where there is no receiver, and for inactive stop a transceiver with the track
// that was just put there. held.go answers what was really offered. A transceiver
// that pion makes wants to receive; nil stands for it.
// https://www.w3.org/TR/webrtc/#dfn-direction
func shielded(t *webrtc.RTPTransceiver, offered direction) direction {
	ours := recvonly
	if t != nil {
		ours = directionOf(t.Direction().String())
	}
	switch {
	case ours&recvonly != 0:
		return offered | sendonly
	case ours == sendonly && offered&recvonly == 0:
		return sendonly
	}
	return recvonly
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
		p.hasData = slices.ContainsFunc(p.order, func(s section) bool { return s.kind == "application" })
	}
	if !p.hasData {
		stats, _ := p.pc.GetStats().GetConnectionStats(p.pc)
		p.hasData = stats.DataChannelsRequested > 0
	}
	return p.hasData
}
