package peer

import (
	"time"

	"perfect-negotiation/negotiation/trace"
)

// refusedFor is how long a refused offer may stand without a description that is
// not refused.
const refusedFor = 5 * time.Second

// observe looks at what the Session tells. Whose offer is refused waits for an
// answer, and ignores our offers meanwhile if it is impolite: in the end only a new
// connection helps.
func (p *pairing) observe(e trace.Event) {
	p.state, p.held = e.State, e.Held
	switch e.Kind {
	case trace.OfferReceived:
		p.offered = true
	case trace.AnswerReceived, trace.AnswerCreating:
		p.offered = false
		p.refused.stop()
	case trace.DescriptionRefused:
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
