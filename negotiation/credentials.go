package negotiation

import (
	"strings"

	"github.com/pion/webrtc/v4"

	"perfect-negotiation/negotiation/trace"
)

// credentials are the ufrags of past descriptions, which show whether an ICE restart
// was answered by one. They belong to the Session's goroutine.
// https://www.rfc-editor.org/rfc/rfc8839#section-4.4.3.1.1
type credentials struct {
	local, remote string // of the current descriptions
	offered       string // of our last offer
}

// sends is called with each local description sent.
func (c *credentials) sends(d *webrtc.SessionDescription) {
	if d.Type == webrtc.SDPTypeOffer {
		c.offered = ufragOf(d)
	} else {
		c.local = ufragOf(d)
	}
}

// takes is called with each remote description applied, and reports whether it
// answers an ICE restart with the old credentials.
func (c *credentials) takes(d *webrtc.SessionDescription) (ignored bool) {
	remote := ufragOf(d)
	if remote == "" { // every section is rejected
		return false
	}
	if d.Type == webrtc.SDPTypeAnswer {
		ignored = c.local != "" && c.local != c.offered && remote == c.remote
		c.local = c.offered
	}
	c.remote = remote
	return ignored
}

// ufragOf returns the ufrag of the shared transport, from the first section that is
// not rejected or else from the session level; empty: there is none.
func ufragOf(d *webrtc.SessionDescription) string {
	if d == nil {
		return ""
	}
	session, media, _ := strings.Cut(d.SDP, "\nm=")
	for section := range strings.SplitSeq(media, "\nm=") {
		head, attributes, _ := strings.Cut(section, "\n")
		if _, port, _ := strings.Cut(head, " "); strings.HasPrefix(port, "0 ") && !strings.Contains(attributes, "a=bundle-only") {
			continue
		}
		if ufrag := attributeOf(attributes, "a=ice-ufrag"); ufrag != "" {
			return ufrag
		}
	}
	return attributeOf(session, "a=ice-ufrag")
}

// attributeOf returns the value of the first attribute with this name.
func attributeOf(lines, name string) string {
	for line := range strings.SplitSeq(lines, "\n") {
		if key, value, found := strings.Cut(line, ":"); found && key == name {
			return strings.TrimRight(value, "\r")
		}
	}
	return ""
}

// receive passes a message to the Negotiator.
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
