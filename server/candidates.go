package main

import (
	"fmt"
	"net/netip"

	"github.com/urfave/cli/v3"

	"perfect-negotiation/negotiation"
)

// candidateFlags are the native peer's options for remote candidates.
func candidateFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{
			Name: "allow-loopback", Sources: cli.EnvVars("PN_ALLOW_LOOPBACK"),
			Usage: "connect to peers on this machine over its loopback addresses also if the relay is elsewhere",
		},
		&cli.StringSliceFlag{
			Name: "allow-address", Sources: cli.EnvVars("PN_ALLOW_ADDRESS"),
			Usage: "connect only to peers at this `address`, or in this network, like 192.0.2.0/24 (repeatable)",
		},
		&cli.StringSliceFlag{
			Name: "deny-address", Sources: cli.EnvVars("PN_DENY_ADDRESS"),
			Usage: "never connect to peers at this `address`, or in this network, like 192.0.2.0/24 (repeatable)",
		},
	}
}

// candidateRules reads candidateFlags.
func candidateRules(c *cli.Command) (rules negotiation.CandidateRules, err error) {
	rules.Loopback = c.Bool("allow-loopback")
	if rules.Allow, err = networks(c, "allow-address"); err != nil {
		return rules, err
	}
	rules.Deny, err = networks(c, "deny-address")
	return rules, err
}

func networks(c *cli.Command, flag string) (list []netip.Prefix, err error) {
	for _, text := range c.StringSlice(flag) {
		network, err := netip.ParsePrefix(text)
		if address, addressErr := netip.ParseAddr(text); addressErr == nil && address.Zone() == "" {
			network, err = netip.PrefixFrom(address, address.BitLen()), nil
		}
		if err != nil {
			return nil, fmt.Errorf("%w: --%s must be an IP address like 192.0.2.1 or a network like 192.0.2.0/24, not %q", errUsage, flag, text)
		}
		list = append(list, network)
	}
	return list, nil
}
