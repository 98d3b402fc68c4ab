//go:build !js

package negotiation

import (
	"net/netip"
	"slices"
)

// Permits returns why an address is not used, or nil.
func (r CandidateRules) Permits(address netip.Addr) error {
	text := address.Unmap().WithZone("").String()
	return r.permits(reachOf(text), text)
}

// listed returns why the lists forbid an address, or nil.
func (r CandidateRules) listed(text string) error {
	if r.Allow == nil && r.Deny == nil {
		return nil
	}
	address, err := netip.ParseAddr(text)
	if err != nil {
		return badAddress(text, "cannot be read")
	}
	address = address.Unmap().WithZone("")
	within := func(p netip.Prefix) bool { return p.Contains(address) }
	switch {
	case r.Allow != nil && !slices.ContainsFunc(r.Allow, within):
		return badAddress(text, "is not allowed")
	case slices.ContainsFunc(r.Deny, within):
		return badAddress(text, "is denied")
	}
	return nil
}
