package negotiation_test

import (
	"strings"
	"testing"
)

// TestTheDTLSRoleStays has each side offer, time and again. Every answer says the
// role that the transport has, also when ICE is restarted.
// https://www.rfc-editor.org/rfc/rfc8842#section-5.3
func TestTheDTLSRoleStays(t *testing.T) {
	for _, from := range []string{"polite", "impolite"} {
		t.Run(from+" offers first", func(t *testing.T) {
			opener, other := pair(t)
			if from == "impolite" {
				opener, other = other, opener
			}
			opener.connect("data")
			opener.channel()
			other.channel()
			opener.negotiated()
			first := opener.role()
			roles := map[*side]string{opener: first, other: map[string]string{"active": "passive", "passive": "active"}[first]}
			for _, restart := range []bool{false, true} {
				for _, s := range []*side{other, opener, other} {
					if restart {
						s.s.RestartICE()
					} else {
						s.s.Renegotiate()
					}
					s.negotiated()
					if role := s.role(); role != roles[s] {
						t.Errorf("the %s side is answered %q, not %q; restart %t", s.name, role, roles[s], restart)
					}
				}
			}
		})
	}
}

// role returns the DTLS role of the other side in the last answer.
func (p *side) role() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, after, _ := strings.Cut(p.answer, "a=setup:")
	role, _, _ := strings.Cut(after, "\r\n")
	p.answer = ""
	return role
}
