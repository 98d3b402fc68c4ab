package peer

import (
	"encoding/hex"
	"hash/fnv"

	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/trace"
)

// audit traces a signalling message sent or delivered, if Config.Verbose is set: its
// kind, and a digest of its content.
func (r *remote) audit(kind trace.Kind, id trace.Message, e signaling.Envelope) {
	if !r.peer.config.Verbose {
		return
	}
	e = signaling.Envelope{Request: e.Request, Message: e.Message} // without the fields that may differ in a retransmission
	text, err := e.MarshalJSON()
	if err != nil {
		return // such a message can be neither sent nor received
	}
	digest := fnv.New64a() // for a reader to compare, not against forgery
	_, _ = digest.Write(text)
	id.Type = typeOf(e)
	r.tell(trace.Event{Kind: kind, Message: id, Detail: string(id.Type) + " " + hex.EncodeToString(digest.Sum(nil))})
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
