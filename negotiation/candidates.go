package negotiation

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"

	"perfect-negotiation/negotiation/trace"
)

// CandidateRules decide which remote ICE candidates are used, in descriptions and
// trickled. Each candidate makes this machine send packets to an address that the
// other side chose, or query the local network for a name.
//
// Never used are addresses that are unspecified, multicast, broadcast or in
// 169.254.0.0/16; ports below 1024, except 80 and 443 on public addresses; and names
// other than NAME.local. At most 50 candidates and 5 names are used per generation,
// and 20 names per connection.
type CandidateRules struct {
	Loopback bool           // use addresses of this machine, 127.0.0.0/8 and ::1
	Allow    []netip.Prefix // natively: use only these; nil: all
	Deny     []netip.Prefix // natively: never use these
}

// WithCandidates applies rules to remote candidates. The default is CandidateRules
// with Loopback. Natively, use [Guard] to apply them also to addresses that ICE finds
// by itself.
func WithCandidates(rules CandidateRules) Option { return func(s *Session) { s.rules = rules } }

// admit returns why a candidate, given without "candidate:", is not used.
// https://www.rfc-editor.org/rfc/rfc8839#section-5.1
func (r CandidateRules) admit(candidate string) error {
	words := strings.Split(candidate, " ")
	if len(words) < 8 || words[1] == "" || words[2] == "" || words[3] == "" || words[6] == "" || words[7] == "" {
		return trace.Because(trace.BadCandidate, errors.New("the candidate cannot be read"))
	}
	port, err := strconv.ParseUint(words[5], 10, 16)
	if err != nil {
		return trace.Because(trace.BadCandidate, errors.New("the candidate's port is none"))
	}
	kind := private
	if !isLocalName(words[4]) {
		kind = reachOf(words[4])
		if err := r.permits(kind, words[4]); err != nil {
			return err
		}
	}
	connects := strings.EqualFold(words[2], "tcp") && strings.Contains(candidate+" ", " tcptype active ") // does not listen on its port
	if port < 1024 && !connects && !(kind == public && (port == 80 || port == 443)) {
		return trace.Because(trace.BadPort, errors.New("no port below 1024 is used, but for 80 and 443 on public addresses: the candidate's is "+words[5]))
	}
	return nil
}

func (r CandidateRules) permits(kind reach, address string) error {
	switch {
	case kind == nowhere:
		return badAddress(address, "is no address of one host")
	case kind == loopback && !r.Loopback:
		return badAddress(address, "is on this machine")
	}
	return r.listed(address)
}

func badAddress(address, why string) error {
	return trace.Because(trace.BadAddress, errors.New("the candidate's address "+address+" "+why))
}

// reach is the scope of an address.
type reach int

const (
	nowhere  reach = iota // not a single host, IPv4 link-local, or no address
	loopback              // this machine
	private               // the local network, including IPv6 link-local addresses
	public
)

// reachOf returns the reach of an address in text form. Some text that it takes for
// IPv6 the connection may refuse. It avoids package netip, which is large.
func reachOf(text string) reach {
	text, _, _ = strings.Cut(strings.ToLower(text), "%")
	if mapped, is := strings.CutPrefix(text, "::ffff:"); is {
		text = mapped
	}
	begins := func(any ...string) bool {
		for _, prefix := range any {
			if strings.HasPrefix(text, prefix) {
				return true
			}
		}
		return false
	}
	switch {
	case !strings.Contains(text, ":"):
		return reachOf4(text)
	case text == "::1":
		return loopback
	case begins("::", "0", "ff"), strings.Trim(text, "0123456789abcdef:.") != "":
		return nowhere
	case begins("fc", "fd", "fe8", "fe9", "fea", "feb"):
		return private
	}
	return public
}

func reachOf4(text string) reach {
	var bytes []uint64
	for _, part := range strings.Split(text, ".") {
		n, err := strconv.ParseUint(part, 10, 8)
		if err != nil || len(part) > 1 && part[0] == '0' {
			return nowhere
		}
		bytes = append(bytes, n)
	}
	if len(bytes) != 4 {
		return nowhere
	}
	switch a, b := bytes[0], bytes[1]; {
	case a == 0, a >= 224, a == 169 && b == 254:
		return nowhere
	case a == 127:
		return loopback
	case a == 10, a == 172 && b&0xf0 == 16, a == 192 && b == 168, a == 100 && b&0xc0 == 64: // RFC 1918, RFC 6598
		return private
	}
	return public
}

// isLocalName reports whether a name is an mDNS name that may replace an address.
// https://datatracker.ietf.org/doc/html/draft-ietf-mmusic-mdns-ice-candidates#section-3.1.1
func isLocalName(name string) bool {
	label, found := strings.CutSuffix(strings.ToLower(name), ".local")
	return found && label != "" && len(label) <= 63 && strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}
