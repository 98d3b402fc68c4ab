//go:build !js

package pion

import (
	"slices"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/internal/sdp"
)

// pion keeps a transceiver whose section has ended, and offers it again at the end of
// the next description, inactive. JSEP removes it. On the wire it comes back nowhere,
// unless the application adds a track there: pion's AddTrack may reuse it.
// https://www.rfc-editor.org/rfc/rfc8829#section-5.2.2

// end stops a transceiver whose section has ended.
func (p *Connection) end(t *webrtc.RTPTransceiver) error {
	p.markEnded(t)
	return t.Stop()
}

func (p *Connection) markEnded(t *webrtc.RTPTransceiver) {
	if p.gone == nil {
		p.gone = map[*webrtc.RTPTransceiver]bool{}
	}
	p.gone[t] = true
}

// ended reports whether the section of t has ended, and t has been given no track since.
func (p *Connection) ended(t *webrtc.RTPTransceiver) bool {
	return p.gone[t] && t.Direction() == webrtc.RTPTransceiverDirectionInactive
}

// revive is called with the sections of a description that pion has applied. They have
// not ended.
func (p *Connection) revive(seen []sdp.Section) {
	for _, s := range seen {
		delete(p.gone, p.transceiver(s.Mid))
	}
}

// findEnded finds the transceivers whose sections ended before Attach.
func (p *Connection) findEnded() {
	for _, t := range p.pc.GetTransceivers() {
		if t.Mid() != "" && t.Direction() == webrtc.RTPTransceiverDirectionInactive && !slices.ContainsFunc(p.seen, func(s sdp.Section) bool { return s.Mid == t.Mid() }) {
			p.markEnded(t)
		}
	}
}
