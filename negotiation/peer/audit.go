package peer

import (
	"crypto/sha256"
	"encoding/hex"

	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/trace"
)

// audit traces a signalling message that was sent or delivered, if Config.Verbose
// is set: its kind, and a digest of all of it.
func (r *remote) audit(kind trace.Kind, id trace.Message, e signaling.Envelope) {
	if !r.peer.config.Verbose {
		return
	}
	e = signaling.Envelope{Request: e.Request, Message: e.Message} // without the fields that may differ each time it is sent
	text, err := e.MarshalJSON()
	if err != nil {
		return // it is not sent, and could not have been received
	}
	digest := sha256.Sum256(text)
	id.Type = typeOf(e)
	r.tell(trace.Event{Kind: kind, Message: id, Detail: string(id.Type) + " " + hex.EncodeToString(digest[:8])})
}

func typeOf(e signaling.Envelope) trace.Type {
	switch {
	case e.Message == nil:
		return trace.Request
	case e.Message.Description != nil:
		return trace.Type(e.Message.Description.Type.String())
	}
	return trace.Candidate
}
