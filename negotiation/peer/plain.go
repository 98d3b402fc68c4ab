package peer

import (
	"fmt"
	"time"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/internal/sdp"
	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/link"
	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/negotiation/trace"
)

const (
	maxKept     = 64       // messages of a plain page that wait until it may be paired
	maxKeptSize = 64 << 10 // bytes of them

	refusalsApart = time.Second // of which it is told
	refusalsAhead = 3           // in a burst
)

// receivedPlain handles an envelope from a page that speaks no sessions.
func (r *remote) receivedPlain(e signaling.Envelope) {
	_, theirs := r.link.Session()
	begins := e.Message != nil || e.Request == wire.RequestOffer
	if theirs != "" || r.pairing == nil && (!begins || r.failed > maxStartingOver) {
		r.dropped(e, link.Stale)
		return
	}
	r.plain = true // whatever it has stated
	r.retransmission.update()
	if r.pairing != nil && (r.pairing.caller.calledAnew(e.Message) || isOffer(e.Message) && r.pairing.silence.isSet()) {
		r.end(trace.NewConnection)
	}
	if r.pairing == nil {
		r.keep(e)
		r.pairPlain()
		return
	}
	r.deliverPlain(e)
}

// deliverPlain hands an envelope over to the pairing.
func (r *remote) deliverPlain(e signaling.Envelope) {
	r.audit(trace.MessageReceived, identity(e), e)
	r.pairing.caller.speaks(e.Message, r.pairing.state != trace.Stable)
	switch {
	case e.Refused != nil:
		r.refusedThere(*e.Refused)
	case e.Request == wire.RequestOffer:
		if r.pairing.nothingToOffer() {
			r.pairing.connect() // a request alone would wait for something to offer
		}
		r.pairing.offerRequested()
	default:
		r.pairing.received(e)
	}
}

// keep keeps an envelope until there is a pairing. A newer offer makes those before it
// void.
func (r *remote) keep(e signaling.Envelope) {
	if isOffer(e.Message) {
		r.kept, r.keptSize = nil, 0
	}
	size := 256
	if e.Message != nil && e.Message.Description != nil {
		size += len(e.Message.Description.SDP)
	} else if e.Message != nil && e.Message.Candidate != nil {
		size += len(e.Message.Candidate.Candidate)
	}
	if len(r.kept) == maxKept || r.keptSize+size > maxKeptSize && len(r.kept) > 0 {
		r.dropped(e, link.Hasty)
		return
	}
	r.kept, r.keptSize = append(r.kept, e), r.keptSize+size
}

// deliverKept is called when a pairing begins.
func (r *remote) deliverKept() {
	kept := r.kept
	r.kept, r.keptSize = nil, 0
	for _, e := range kept {
		if r.pairing != nil {
			r.deliverPlain(e)
		}
	}
}

// pairPlain pairs with a page that speaks no sessions, a little later if it was
// just paired.
func (r *remote) pairPlain() {
	switch {
	case r.pairing != nil || !r.plain:
	case r.peer.paired.may(r):
		r.pair(false)
	case !r.later.isSet():
		r.peer.paired.refused()
		r.later.set(r.peer, pairingsApart, r.pairPlain)
	}
}

func isOffer(m *negotiation.Message) bool {
	return m != nil && m.Description != nil && m.Description.Type == webrtc.SDPTypeOffer
}

// caller is the PeerConnection of the other side, as its descriptions tell: the
// fingerprint of its certificate, which it never changes; empty: not known. Nothing else
// in an offer tells a new connection with the same certificate from an ICE restart.
// Session ids do not: werift changes its own with each offer, and aiortc's is the time in
// seconds. But that the other side has ended DTLS, or the association of data channels,
// tells: see watchTransport.
// https://www.w3.org/TR/webrtc/#dom-rtcconfiguration-certificates
type caller string

func callerOf(text string) caller {
	fingerprint, _ := sdp.Parse(text).Fingerprint() // without one it is refused
	return caller(fingerprint)
}

// speaks is called with each message of a plain page. Its first description tells which
// connection it has, and so does each answer to an offer that is pending: its first may
// have been an offer that was ignored, of a connection that it has given up since.
func (c *caller) speaks(m *negotiation.Message, pending bool) {
	if m == nil || m.Description == nil {
		return
	}
	if *c == "" || pending && m.Description.Type == webrtc.SDPTypeAnswer {
		*c = callerOf(m.Description.SDP)
	}
}

// calledAnew reports whether a message is an offer of another PeerConnection: the other
// side has hung up, and calls again.
func (c caller) calledAnew(m *negotiation.Message) bool {
	if c == "" || !isOffer(m) {
		return false
	}
	anew := callerOf(m.Description.SDP)
	return anew != c && anew != ""
}

// hungUp is called when a connection was closed from outside. A plain page may call again;
// with others the next pairing begins.
func (r *remote) hungUp() {
	r.end(trace.OtherHungUp)
	if !r.plain {
		r.link.Renew()
		r.flush()
	}
	r.forgetIfGone()
}

// nothingToOffer reports whether an offer would have no section.
func (p *pairing) nothingToOffer() bool { return !p.begun }

// maxInstead is how many offers we make because those of a plain page are refused.
const maxInstead = 3

// tellRefused tells a plain page that a message of it was refused: it waits for an answer.
// If it is polite, it would answer an offer of ours instead.
func (p *pairing) tellRefused(code trace.Code, err error) {
	if !p.remote.plain || p.remote.pairing != p {
		return
	}
	p.refusal = wire.Refused{Code: string(code), Message: shortened(err.Error())}
	p.sendRefusal()
}

func (p *pairing) sendRefusal() {
	if !p.refusals.Grant(p.remote.peer.enqueue, p.sendRefusal) {
		return
	}
	p.remote.send(signaling.Envelope{Refused: &p.refusal})
	if p.remote.polite || p.instead == maxInstead {
		return
	}
	p.instead++
	if p.own == nil && !p.connecting && len(p.channels) == 0 {
		p.connect()
	} else {
		p.renegotiate(trace.Event{Code: trace.OfferNotTaken})
	}
}

// refusedThere is called when the other side has refused an offer of ours. It is not
// answered.
func (r *remote) refusedThere(refused wire.Refused) {
	r.tell(trace.Event{Kind: trace.RefusedThere, Code: trace.OfferNotTaken,
		Detail: fmt.Sprintf("%s (%s)", shortened(refused.Message), shortened(refused.Code))})
}

// shortened bounds text that is sent, or of the other side.
func shortened(text string) string {
	const most = 300 // bytes
	if len(text) > most {
		return text[:most] + "…"
	}
	return text
}
