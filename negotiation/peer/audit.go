package peer

import (
	"crypto/sha256"
	"encoding/hex"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/negotiation/signaling"
)

// audit traces a message of the signalling that was sent or delivered, if that is
// wanted: what it is, and a digest of all of it.
func (r *remote) audit(kind negotiation.Kind, e signaling.Envelope) {
	if !r.peer.config.Verbose {
		return
	}
	e = signaling.Envelope{Request: e.Request, Message: e.Message} // without what may differ each time it is sent
	text, err := e.MarshalJSON()
	if err != nil {
		return // it is not sent, and could not have been received
	}
	digest := sha256.Sum256(text)
	r.trace(kind, what(e)+" "+hex.EncodeToString(digest[:8]))
}

func what(e signaling.Envelope) string {
	switch {
	case e.Message == nil:
		return "request"
	case e.Message.Description != nil:
		return e.Message.Description.Type.String()
	}
	return "candidate"
}
