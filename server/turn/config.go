package turn

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"time"
)

// Defaults of a [Config].
const (
	DefaultMinPort = 49152 // the first of the dynamic ports
	DefaultMaxPort = 50175

	DefaultAllocationsPerID      = 64
	DefaultAllocationsPerAddress = 256
	DefaultAllocations           = 1000

	DefaultBytesPerID      = 1 << 20
	DefaultBytesPerAddress = 4 << 20
	DefaultBytes           = 32 << 20
)

// Config of a [Server]. Zero stands for the default, where one is named.
type Config struct {
	// Address to listen on for clients, over UDP and TCP, as "host:port".
	Address string
	// PublicIPs are the addresses at which clients and peers reach this machine: one of
	// IPv4, one of IPv6, or both.
	PublicIPs []netip.Addr
	// MinPort and MaxPort are the range of ports for allocations, one each. Default 49152
	// to 50175.
	MinPort, MaxPort uint16
	// Secret checks the credentials.
	Secret Secret
	// TLS is for clients that come over TLS, at the same port. Nil: none may.
	TLS *tls.Config

	// What one id, one address (in IPv6 a /64), and all clients have. A client with a
	// browser has an allocation for each of its networks and URLs, in each of its
	// connections. Defaults: 64, 256 and 1000 allocations, 1, 4 and 32 MB a second.
	PerID, PerAddress, InAll Limit

	// AllocationLifetime is how long an allocation lasts that is not refreshed. Default 10
	// minutes (RFC 8656, section 3.2).
	AllocationLifetime time.Duration

	// Logger gets the events that operators want to know. Default: none is logged.
	Logger *slog.Logger

	idle time.Duration // of a connection without an allocation; default 30 s, twice at most
}

func (c Config) withDefaults() Config {
	if c.MinPort == 0 && c.MaxPort == 0 {
		c.MinPort, c.MaxPort = DefaultMinPort, DefaultMaxPort
	}
	c.PerID = c.PerID.or(Limit{DefaultAllocationsPerID, DefaultBytesPerID})
	c.PerAddress = c.PerAddress.or(Limit{DefaultAllocationsPerAddress, DefaultBytesPerAddress})
	c.InAll = c.InAll.or(Limit{DefaultAllocations, DefaultBytes})
	if c.idle == 0 {
		c.idle = 30 * time.Second
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// check says what is wrong with a configuration.
func (c Config) check() error {
	families := map[bool]bool{}
	for _, ip := range c.PublicIPs {
		if !ip.IsValid() || ip.Is4In6() || ip.Zone() != "" || ip.IsUnspecified() || ip.IsMulticast() {
			return fmt.Errorf("turn: %s is no address at which others reach this machine", ip)
		}
		if families[ip.Is6()] {
			return fmt.Errorf("turn: %s is one public address of its family too many", ip)
		}
		families[ip.Is6()] = true
	}
	switch {
	case len(families) == 0:
		return errors.New("turn: there is no public address")
	case c.MinPort == 0 || c.MinPort > c.MaxPort:
		return fmt.Errorf("turn: %d to %d is no range of ports", c.MinPort, c.MaxPort)
	case len(c.Secret) == 0:
		return errors.New("turn: there is no secret")
	}
	return nil
}
