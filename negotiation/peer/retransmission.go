package peer

import (
	"perfect-negotiation/negotiation/internal/timing"
	"perfect-negotiation/negotiation/trace"
)

// retransmission is the timers of a link.
type retransmission struct {
	timing.Retransmission
	r *remote
}

func newRetransmission(r *remote) retransmission {
	return retransmission{timing.Retransmission{Enqueue: r.peer.enqueue, Flush: r.flush, Stalled: r.stalled}, r}
}

// update is called after every change of the link, and of what is known of the other
// side.
func (p *retransmission) update() {
	p.Update(p.r.link, p.r.plain, !p.r.reachable() || p.r.givenUp())
}

// stalled is called when the other side has not acknowledged anything for some time,
// and when it does again.
func (r *remote) stalled(is bool) {
	if is {
		r.tell(trace.Event{Kind: trace.SignalingStalled, Code: trace.Unacknowledged, Detail: r.id})
	} else {
		r.tell(trace.Event{Kind: trace.SignalingResumed, Detail: r.id})
	}
}
