package peer

import (
	"time"

	"perfect-negotiation/negotiation/trace"
)

// refusedFor is how long a refused offer may go without a description that is
// applied.
const refusedFor = 5 * time.Second

// observe follows the Session's events. The sender of a refused offer waits for an
// answer and, if it is impolite, ignores our offers meanwhile. If nothing else is
// applied in time, only a new connection helps.
func (p *pairing) observe(e trace.Event) {
	p.state, p.held = e.State, e.Held
	p.collide.observe(e)
	switch e.Kind {
	case trace.OfferReceived:
		p.offered = true
	case trace.AnswerReceived, trace.AnswerCreating:
		p.offered = false
		p.refused.stop()
		p.recovery.answered()
		if e.Kind == trace.AnswerCreating {
			p.instead = 0
		}
	case trace.RestartIgnored:
		p.recovery.ignored()
	case trace.DescriptionRefused:
		if p.offered {
			p.tellRefused(e.Code, e.Err)
		}
		if p.offered && !p.remote.plain && p.remote.pairing == p {
			p.refused.set(p.remote.peer, refusedFor, p.giveUpRefused)
		}
	}
}

func (p *pairing) giveUpRefused() {
	if p.remote.reachable() {
		p.remote.startOver(trace.OfferNotTaken, nil)
	} else {
		p.refused.set(p.remote.peer, refusedFor, p.giveUpRefused) // until then nothing can replace it
	}
}
