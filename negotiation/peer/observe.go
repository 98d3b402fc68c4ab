package peer

import "perfect-negotiation/negotiation/trace"

// observe follows the Session's events.
func (p *pairing) observe(e trace.Event) {
	p.state, p.held = e.State, e.Held
	p.collide.observe(e)
	p.recovery.Observe(e)
	switch e.Kind {
	case trace.OfferReceived:
		p.offered = true
	case trace.AnswerReceived:
		p.offered = false
	case trace.AnswerCreating:
		p.offered = false
		p.instead = 0
	case trace.DescriptionRefused:
		if p.offered {
			p.tellRefused(e.Code, e.Err)
		}
	}
}
