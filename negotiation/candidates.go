package negotiation

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"perfect-negotiation/negotiation/trace"
)

// CandidateRules say which ICE candidates of the other side are used, in descriptions
// and alone. Each has this machine send packets to where the other side wants, or ask
// the local network for a name.
//
// Never used are addresses that are unspecified, multicast, broadcast or in
// 169.254.0.0/16, ports below 1024 but for 80 and 443 on public addresses, and names
// other than NAME.local. Of a description and what is trickled for it, up to 50
// candidates with up to 5 names are used, and up to 20 names of a connection.
type CandidateRules struct {
	Loopback bool           // use addresses of this machine alone, 127.0.0.0/8 and ::1
	Allow    []netip.Prefix // use only these; nil: all
	Deny     []netip.Prefix // never use these
}

// WithCandidates has rules for the candidates of the other side. Without it, those
// with Loopback hold. Natively [Guard] has them hold also for addresses that ICE finds
// by itself.
func WithCandidates(rules CandidateRules) Option { return func(s *Session) { s.rules = rules } }

// admit returns why a candidate, without "candidate:", is not used.
// https://www.rfc-editor.org/rfc/rfc8839#section-5.1
func (r CandidateRules) admit(candidate string) error {
	words := strings.Split(candidate, " ")
	if len(words) < 8 || slices.Contains(words[1:8], "") {
		return trace.Because(trace.BadCandidate, errors.New("the candidate cannot be read"))
	}
	port, err := strconv.ParseUint(words[5], 10, 16)
	if err != nil {
		return trace.Because(trace.BadCandidate, errors.New("the candidate's port is none"))
	}
	address, err := netip.ParseAddr(words[4])
	switch {
	case err == nil:
		address = address.Unmap().WithZone("")
		if err := r.Permits(address); err != nil {
			return err
		}
	case !isLocalName(words[4]):
		return trace.Because(trace.BadAddress, errors.New("the candidate's address is neither an IP address nor NAME.local"))
	}
	connects := strings.EqualFold(words[2], "tcp") && strings.Contains(candidate+" ", " tcptype active ") // it listens nowhere
	public := err == nil && isPublic(address)
	if port < 1024 && !connects && !(public && (port == 80 || port == 443)) {
		return trace.Because(trace.BadPort, fmt.Errorf("the candidate's port is %d: no port below 1024 is used, but for 80 and 443 on public addresses", port))
	}
	return nil
}

// Permits returns why an address is not used, or nil.
func (r CandidateRules) Permits(address netip.Addr) error {
	address = address.Unmap().WithZone("")
	within := func(p netip.Prefix) bool { return p.Contains(address) }
	var why string
	switch {
	case !address.IsValid(), address.Is4() && (address.As4()[0] == 0 || address.As4()[0] >= 224), address.IsUnspecified(), address.IsMulticast():
		why = "is no address of one host"
	case address.Is4() && address.IsLinkLocalUnicast():
		why = "is link-local"
	case address.IsLoopback() && !r.Loopback:
		why = "is on this machine"
	case r.Allow != nil && !slices.ContainsFunc(r.Allow, within):
		why = "is not allowed"
	case slices.ContainsFunc(r.Deny, within):
		why = "is denied"
	default:
		return nil
	}
	return trace.Because(trace.BadAddress, fmt.Errorf("the address %s %s", address, why))
}

// isPublic reports whether an address may be on the Internet.
func isPublic(a netip.Addr) bool {
	shared := a.Is4() && a.As4()[0] == 100 && a.As4()[1]&0xc0 == 64 // RFC 6598
	return !a.IsPrivate() && !a.IsLoopback() && !a.IsLinkLocalUnicast() && !shared
}

// isLocalName reports whether a name may stand for an address in the local network.
// https://datatracker.ietf.org/doc/html/draft-ietf-mmusic-mdns-ice-candidates#section-3.1.1
func isLocalName(name string) bool {
	label, found := strings.CutSuffix(strings.ToLower(name), ".local")
	return found && label != "" && len(label) <= 63 && strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}
