package turn

import (
	"hash/maphash"
	"net/netip"
	"time"

	"perfect-negotiation/server/address"
)

// paceBuckets is the number of buckets of a pace. Addresses that happen to have the same
// hash share one, so that it needs no more memory however many there are.
const paceBuckets = 4096

// pace is how often each address may do something. Calls must not overlap.
type pace struct {
	perSecond, atOnce float64

	seed    maphash.Seed
	buckets []bucket
}

type bucket struct {
	tokens float64
	at     time.Time
}

func newPace(perSecond, atOnce float64) *pace {
	return &pace{perSecond: perSecond, atOnce: atOnce, seed: maphash.MakeSeed(), buckets: make([]bucket, paceBuckets)}
}

// keeps reports whether an address that does it now keeps to the pace.
func (p *pace) keeps(from netip.Addr, now time.Time) bool {
	b := &p.buckets[maphash.Comparable(p.seed, address.Account(from))%paceBuckets]
	b.tokens = min(b.tokens+p.perSecond*now.Sub(b.at).Seconds(), p.atOnce)
	b.at = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
