package peer

import (
	"perfect-negotiation/negotiation/recovery"
	"perfect-negotiation/negotiation/signaling"
	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/negotiation/trace"
)

// newRecovery returns what restores the connection of a pairing, or replaces it.
func newRecovery(p *pairing) *recovery.Recovery {
	r := p.remote
	ask := func() { r.send(signaling.Envelope{Request: wire.RequestRestart}) }
	if r.plain {
		ask = nil
	}
	return recovery.New(recovery.Config{
		Role:      r.role(),
		Plain:     r.plain,
		Enqueue:   r.peer.enqueue,
		Reachable: r.reachable,
		Restart:   func() { p.session.RestartICE() },
		Ask:       ask,
		Replace:   func(why trace.Code) { r.startOver(why, nil) },
		Trace:     func(e trace.Event) { r.tell(e) },
	})
}
