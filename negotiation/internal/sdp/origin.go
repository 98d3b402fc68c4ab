package sdp

import "strings"

// SessionID returns the session id of the o= line, which a PeerConnection keeps as long as
// it lives.
// https://www.rfc-editor.org/rfc/rfc8866#section-5.2
func (d *Description) SessionID() string {
	for _, line := range d.lines {
		if words := strings.Fields(line); strings.HasPrefix(line, "o=") && len(words) > 1 {
			return words[1]
		}
	}
	return ""
}
