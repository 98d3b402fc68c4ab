package negotiation

import (
	"context"
	"fmt"
	"time"

	"perfect-negotiation/negotiation/internal/sdp"
)

// arrivals are how long it took until media flowed that had been negotiated.
type arrivals struct {
	n       int
	longest time.Duration
}

func (a *arrivals) String() string {
	return fmt.Sprintf("media arrived %d times within %.1f s", a.n, a.longest.Seconds())
}

// maxRestart is how long media may take where ICE was restarted between a browser
// and a native side. pion closes the old paths at once. Chromium keeps to the one it
// used until that was silent for 2.5 s, if one of several networks has it put off the
// path that pion chose. (With one network it takes 0.3 s.)
const maxRestart = 10 * time.Second

// arrive waits until media come on all these sections.
func (p *party) arrive(ctx context.Context, mids []string) {
	limit := maxArrival
	if p.finish != nil && p.metWith != "" && p.ufrag() != p.metWith {
		limit = maxRestart
	}
	begin, before := time.Now(), p.media.received(ctx)
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for _, mid := range mids {
		if p.flow(mid)&sdp.Recvonly == 0 {
			p.t.Errorf("%s: the other side sends on section %s, and nothing is received here", p.name, mid)
			continue
		}
		for p.media.received(ctx)[mid] <= before[mid] {
			select {
			case <-again.C:
			case <-ctx.Done():
				p.t.Errorf("%s: no media come on section %s of %v", p.name, mid, mids)
				return
			}
		}
		took := time.Since(begin)
		if took > limit {
			p.t.Errorf("%s: media came on section %s after %.1f s", p.name, mid, took.Seconds())
		}
		p.media.n++
		p.media.longest = max(p.media.longest, took)
	}
}

// flow returns in which directions media were negotiated to flow on a section. What
// one side offered the other may have answered with less, so both must say so.
func (p *party) flow(mid string) sdp.Direction {
	current := p.current()
	if current == nil {
		return sdp.Inactive
	}
	theirs := current.Remote.Sections()
	for i, ours := range current.Local.Sections() {
		if ours.Mid == mid && i < len(theirs) && !ours.Rejected && !theirs[i].Rejected {
			return ours.Direction & theirs[i].Direction.Reversed()
		}
	}
	return sdp.Inactive
}
