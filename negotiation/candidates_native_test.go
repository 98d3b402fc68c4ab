//go:build !js

package negotiation

import (
	"net/netip"
	"testing"

	"perfect-negotiation/negotiation/trace"
)

func TestCandidateRules(t *testing.T) {
	const loopback = "loopback"
	list := []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::/32")}
	for text, want := range map[string]trace.Code{
		"1 1 udp 1 192.0.2.7 5000 typ host":                                  "",
		" 1 udp 1 192.0.2.7 5000 typ host":                                   "", // without a foundation, seen in the wild
		"1 1 udp 1 2001:db8::7 5000 typ host generation 0":                   "",
		"1 1 udp 1 ::ffff:192.0.2.7 5000 typ host":                           "",
		"1 1 udp 1 fe80::1 5000 typ host":                                    "",
		"1 1 udp 1 fe80::1%eth0 5000 typ host":                               "",
		"1 1 udp 1 10.0.0.255 5000 typ host":                                 "",
		"1 1 udp 1 7f3a0d5e-1a2b-4c3d-9e8f-0123456789ab.local 5000 typ host": "",
		"1 1 tcp 1 192.0.2.7 9 typ host tcptype active":                      "",
		"1 1 TCP 1 192.0.2.7 0 typ host tcptype active generation 0":         "",
		"1 1 tcp 1 192.0.2.7 5000 typ host tcptype passive":                  "",
		"1 1 udp 1 192.0.2.7 80 typ srflx raddr 0.0.0.0 rport 0":             "",
		"1 1 udp 1 192.0.2.7 443 typ relay raddr 0.0.0.0 rport 0":            "",
		"":                                                                      trace.BadCandidate,
		"what is this":                                                          trace.BadCandidate,
		"1 1 udp 1  192.0.2.7 5000 typ host":                                    trace.BadCandidate,
		"1 1 udp 1 192.0.2.7 70000 typ host":                                    trace.BadCandidate,
		"1 1 udp 1 192.0.2.7 -1 typ host":                                       trace.BadCandidate,
		"1 1 udp 1 192.0.2.7 0 typ host":                                        trace.BadPort,
		"1 1 udp 1 192.0.2.7 53 typ host":                                       trace.BadPort,
		"1 1 udp 1 192.0.2.7 1023 typ host":                                     trace.BadPort,
		"1 1 tcp 1 192.0.2.7 22 typ host tcptype passive":                       trace.BadPort,
		"1 1 udp 1 192.0.2.7 22 typ host tcptype active":                        trace.BadPort,
		"1 1 udp 1 10.0.0.7 80 typ host":                                        trace.BadPort,
		"1 1 udp 1 100.64.0.7 443 typ host":                                     trace.BadPort,
		"1 1 udp 1 fe80::7 443 typ host":                                        trace.BadPort,
		"1 1 udp 1 fd00::7 80 typ host":                                         trace.BadPort,
		"1 1 udp 1 7f3a0d5e-1a2b-4c3d-9e8f-0123456789ab.local 80 typ host":      trace.BadPort,
		"1 1 udp 1 0.0.0.0 5000 typ host":                                       trace.BadAddress,
		"1 1 udp 1 0.0.0.7 5000 typ host":                                       trace.BadAddress,
		"1 1 udp 1 :: 5000 typ host":                                            trace.BadAddress,
		"1 1 udp 1 ::ffff:0.0.0.0 5000 typ host":                                trace.BadAddress,
		"1 1 udp 1 224.0.0.251 5353 typ host":                                   trace.BadAddress,
		"1 1 udp 1 239.255.255.250 5000 typ host":                               trace.BadAddress,
		"1 1 udp 1 ff02::fb 5353 typ host":                                      trace.BadAddress,
		"1 1 udp 1 255.255.255.255 5000 typ host":                               trace.BadAddress,
		"1 1 udp 1 240.0.0.1 5000 typ host":                                     trace.BadAddress,
		"1 1 udp 1 169.254.169.254 5000 typ host":                               trace.BadAddress,
		"1 1 udp 1 ::ffff:169.254.169.254 5000 typ host":                        trace.BadAddress,
		"1 1 tcp 1 169.254.169.254 9 typ host tcptype active":                   trace.BadAddress,
		"1 1 udp 1 metadata.example.org 5000 typ host":                          trace.BadAddress,
		"1 1 udp 1 a.b.local 5000 typ host":                                     trace.BadAddress,
		"1 1 udp 1 .local 5000 typ host":                                        trace.BadAddress,
		"1 1 udp 1 a_b.local 5000 typ host":                                     trace.BadAddress,
		"1 1 udp 1 2130706433 5000 typ host":                                    trace.BadAddress,
		"1 1 udp 1 127.1 5000 typ host":                                         trace.BadAddress,
		"1 1 udp 1 127.0.0.1 5000 typ host":                                     loopback,
		"1 1 udp 1 127.9.9.9 5000 typ host":                                     loopback,
		"1 1 udp 1 ::1 5000 typ host":                                           loopback,
		"1 1 udp 1 ::ffff:127.0.0.1 5000 typ srflx raddr 192.0.2.7 rport 50000": loopback,
	} {
		onLoopback := want
		if want == loopback {
			want, onLoopback = trace.BadAddress, ""
		}
		if got := trace.CodeOf(CandidateRules{}.admit(text)); got != want {
			t.Errorf("%q: %q", text, got)
		}
		if got := trace.CodeOf(CandidateRules{Loopback: true}.admit(text)); got != onLoopback {
			t.Errorf("%q, and loopback: %q", text, got)
		}
	}
	for address, row := range map[string]struct{ allowed, denied trace.Code }{
		"192.0.2.7":        {"", trace.BadAddress},
		"::ffff:192.0.2.7": {"", trace.BadAddress},
		"2001:db8::7":      {"", trace.BadAddress},
		"198.51.100.7":     {trace.BadAddress, ""},
		"fd00::7":          {trace.BadAddress, ""},
		"224.0.0.1":        {trace.BadAddress, trace.BadAddress},
	} {
		a := netip.MustParseAddr(address)
		allowed, denied, both := CandidateRules{Allow: list}, CandidateRules{Deny: list}, CandidateRules{Allow: list, Deny: list}
		if got := trace.CodeOf(allowed.Permits(a)); got != row.allowed {
			t.Errorf("%s, allowed: %q", address, got)
		}
		if got := trace.CodeOf(denied.Permits(a)); got != row.denied {
			t.Errorf("%s, denied: %q", address, got)
		}
		if both.Permits(a) == nil {
			t.Errorf("%s is both allowed and denied, and used", address)
		}
	}
}
