package peer

import (
	"time"

	"perfect-negotiation/negotiation"
)

// refusedFor is how long a refused offer may stand without a description that is
// not refused.
const refusedFor = 5 * time.Second

// observe looks at what the Session tells. Whose offer is refused waits for an
// answer, and ignores our offers meanwhile if it is impolite: in the end only a new
// connection helps.
func (p *pairing) observe(e negotiation.Event) {
	p.state = e.State
	switch e.Kind {
	case negotiation.OfferReceived:
		p.offered = true
	case negotiation.AnswerReceived, negotiation.AnswerCreating:
		p.offered = false
		p.refused.stop()
	case negotiation.DescriptionRefused:
		if p.offered && !p.remote.plain && p.remote.pairing == p {
			p.refused.set(p.remote.peer, refusedFor, p.giveUpRefused)
		}
	}
}

func (p *pairing) giveUpRefused() {
	if p.remote.reachable() {
		p.remote.startOver("")
	} else {
		p.refused.set(p.remote.peer, refusedFor, p.giveUpRefused) // until then nothing can replace it
	}
}
