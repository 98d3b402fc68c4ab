package negotiation

import (
	"strings"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/trace"
)

// credentials are the ufrags that descriptions have had, to see whether a restart of ICE
// was taken up. They are the Session's goroutine's.
// https://www.rfc-editor.org/rfc/rfc8839#section-4.4.3.1.1
type credentials struct {
	local, remote string // in force
	offered       string // in our last offer
}

// sends is called with each description of ours.
func (c *credentials) sends(d *webrtc.SessionDescription) {
	if d.Type == webrtc.SDPTypeOffer {
		c.offered = ufragOf(d)
	} else {
		c.local = ufragOf(d)
	}
}

// takes is called with each description of the other side that was applied, and reports
// whether it answers a restart with the credentials from before.
func (c *credentials) takes(d *webrtc.SessionDescription) (ignored bool) {
	remote := ufragOf(d)
	if remote == "" { // it rejects all
		return false
	}
	if d.Type == webrtc.SDPTypeAnswer {
		ignored = c.local != "" && c.local != c.offered && remote == c.remote
		c.local = c.offered
	}
	c.remote = remote
	return ignored
}

// ufragOf returns the first ufrag of a description; empty: there is none.
func ufragOf(d *webrtc.SessionDescription) string {
	if d == nil {
		return ""
	}
	_, after, _ := strings.Cut(d.SDP, "\na=ice-ufrag:")
	ufrag, _, _ := strings.Cut(after, "\n")
	return strings.TrimRight(ufrag, "\r")
}

// receive hands a message to the Negotiator.
func (s *Session) receive(m Message) error {
	s.announce(m)
	before := s.n.pc.SignalingState()
	err := s.hand(m)
	if err != nil || m.Description == nil || s.n.ignoring {
		return err
	}
	s.retries, s.waits = 0, false
	answers := m.Description.Type == webrtc.SDPTypeAnswer
	if answers && before != webrtc.SignalingStateHaveLocalOffer {
		return nil
	}
	if s.credentials.takes(m.Description) {
		s.n.tell(trace.Event{Kind: trace.RestartIgnored, Message: s.n.about, Cause: s.n.offered, Code: trace.OldCredentials, Detail: trace.OldCredentials.Words()})
	}
	return nil
}
