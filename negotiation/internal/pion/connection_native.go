//go:build !js

package pion

import (
	"errors"
	"slices"
	"strconv"

	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/rtcerr"

	"perfect-negotiation/negotiation/internal/held"
	"perfect-negotiation/negotiation/internal/sdp"
)

// Connection is a pion PeerConnection behind [held.Connection].
type Connection struct {
	pc          *webrtc.PeerConnection
	prefix      string // of the mids assigned here
	named       int    // number of mids assigned
	hasData     bool   // a data channel was created on either side
	started     bool   // ICE has started
	stop        <-chan struct{}
	unsent      func(error) // called for a track that cannot be sent
	rejected    func(error) // called for a section that is rejected
	told        []string    // mids of the sections reported to rejected
	senders     senders
	preferences preferences
	applied     *look                            // the last description that the preferences are set for; nil: none
	renumber    func(ssrc uint32, to *Numbering) // nil: packets cannot be renumbered
	codecs      []codec                          // registered with pion, as far as known
	incomplete  bool                             // there may be more codecs than these

	// Of the last remote description.
	order      []sdp.Section     // as on the wire
	protocols  []string          // of the sections in order
	seen       []sdp.Section     // the sections that pion has seen
	offered    []sdp.Section     // sections of the last offer that pion has seen
	meaning    map[payload]codec // of the payload types that pion has seen
	ufrag, pwd string            // of the last description that has them
	unseen     bool              // it is an offer that is not passed to pion
	group      []string          // the BUNDLE group that our next description follows

	agreed     *sdp.Description                // the last answer, from either side; nil: none
	extensions extensions                      // that pion has negotiated
	learned    map[string]learned              // from the sections with these mids
	gone       map[*webrtc.RTPTransceiver]bool // their section has ended

	carrier *carrier // of the last local description
}

// New returns a Connection over pc. The two roles use different prefixes for their
// mids, so that they never collide.
func New(pc *webrtc.PeerConnection, polite bool) *Connection {
	prefix := "i"
	if polite {
		prefix = "p"
	}
	return &Connection{pc: pc, prefix: prefix}
}

// SignalingState returns have-remote-offer also for an offer that is not passed to
// pion.
func (p *Connection) SignalingState() webrtc.SignalingState {
	state := p.pc.SignalingState()
	if state == webrtc.SignalingStateStable && p.unseen {
		return webrtc.SignalingStateHaveRemoteOffer
	}
	return state
}

func (p *Connection) NameSections() error {
	for _, t := range p.pc.GetTransceivers() {
		if err := p.name(t); err != nil {
			return err
		}
	}
	return nil
}

func (p *Connection) name(t *webrtc.RTPTransceiver) error {
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

func (p *Connection) transceiver(mid string) *webrtc.RTPTransceiver {
	for _, t := range p.pc.GetTransceivers() {
		if t.Mid() == mid {
			return t
		}
	}
	return nil
}

func (p *Connection) CreateOffer(restart bool) (held.Local, error) {
	p.awaitICE() // after a restart there would be nothing to wait for
	p.senders.made = sendersOf(p.pc.GetTransceivers())
	return p.made(p.pc.CreateOffer(&webrtc.OfferOptions{
		OfferAnswerOptions: webrtc.OfferAnswerOptions{ICETricklingSupported: true},
		ICERestart:         restart,
	}))
}

func (p *Connection) CreateAnswer() (held.Local, error) {
	if p.unseen {
		return held.Local{Made: webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer}, Wire: sdp.Rejecting(p.order)}, nil
	}
	p.senders.made = sendersOf(p.pc.GetTransceivers())
	return p.made(p.pc.CreateAnswer(&webrtc.AnswerOptions{
		OfferAnswerOptions: webrtc.OfferAnswerOptions{ICETricklingSupported: true},
	}))
}

func (p *Connection) made(d webrtc.SessionDescription, err error) (held.Local, error) {
	if err != nil {
		return held.Local{}, err
	}
	wire := p.arrange(sdp.Parse(d.SDP))
	p.carrier = carrierOf(wire)
	if d.Type == webrtc.SDPTypeOffer && p.agreed != nil {
		wire.RepeatExtensions(p.agreed.Sections())
	}
	if d.Type == webrtc.SDPTypeAnswer {
		p.agreed = wire // package held leaves out of it what was not offered
		grouped := p.group != nil
		if p.group = wire.Bundle(); !grouped {
			wire.SetBundle(nil) // RFC 9143 section 7.3
		}
		for i, m := range wire.Media {
			if i < len(p.protocols) && sdp.IsMedia(m.Kind) {
				m.SetProtocol(p.protocols[i]) // RFC 3264 section 6
			}
		}
	}
	return held.Local{Made: d, Wire: wire}, nil
}

// Commits implements [held.Connection]: pion has no way back if the answer rejects
// every section, because it starts no transport then. A section of data channels is
// never rejected.
func (p *Connection) Commits(offered []sdp.Section) bool {
	return p.pc.CurrentRemoteDescription() != nil || slices.ContainsFunc(offered, func(s sdp.Section) bool { return s.Kind == "application" })
}

func (p *Connection) SetLocalDescription(d webrtc.SessionDescription) error {
	defer p.endReads(p.pc.GetReceivers())
	if p.unseen {
		p.unseen = false
		return nil
	}
	if d.Type == webrtc.SDPTypeOffer {
		return p.pc.SetLocalDescription(d)
	}
	if err := p.senders.exchange(p.pc, func() error { return p.pc.SetLocalDescription(d) }); err != nil {
		return err
	}
	p.start(p.offered)
	return nil
}

func (p *Connection) AddICECandidate(c webrtc.ICECandidateInit) error {
	if p.order != nil && p.pc.RemoteDescription() == nil { // the description it belongs to was not passed to pion
		return nil
	}
	return p.pc.AddICECandidate(c)
}

func (p *Connection) Superseded(err error) bool {
	var modification *rtcerr.InvalidModificationError
	return errors.As(err, &modification) && p.pc.SignalingState() == webrtc.SignalingStateStable
}

func (p *Connection) Wants() []held.Want {
	var wants []held.Want
	for _, t := range p.pc.GetTransceivers() {
		if p.ended(t) {
			continue
		}
		w := held.Want{Mid: t.Mid(), Kind: t.Kind().String(), What: t.Direction().String()}
		if sender := t.Sender(); sender != nil && sender.Track() != nil {
			w.What += " " + sender.Track().StreamID() + " " + sender.Track().ID()
		}
		wants = append(wants, w)
	}
	if p.data() {
		wants = append(wants, held.Want{Kind: "application"})
	}
	return wants
}

// data reports whether a data channel was created here, or there is a section for
// one. Only GetStats reveals the former. It reads fields (pc:3056) that a media
// receiver may be writing, so call it no more often than necessary.
func (p *Connection) data() bool {
	if !p.hasData {
		p.hasData = slices.ContainsFunc(p.order, func(s sdp.Section) bool { return s.Kind == "application" })
	}
	if !p.hasData {
		stats, _ := p.pc.GetStats().GetConnectionStats(p.pc)
		p.hasData = stats.DataChannelsRequested > 0
	}
	return p.hasData
}
