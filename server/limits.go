package main

import (
	"errors"
	"fmt"

	"github.com/urfave/cli/v3"

	"perfect-negotiation/server/address"
	"perfect-negotiation/server/relay"
)

// limitFlags say what clients may cost, and how to tell them apart.
func limitFlags() []cli.Flag {
	return []cli.Flag{
		&cli.IntFlag{
			Name: "connections-per-address", Value: 256, Local: true, Sources: cli.EnvVars("PN_CONNECTIONS_PER_ADDRESS"),
			Usage: "largest `number` of WebSockets from one address (in IPv6 from one /64)",
		},
		&cli.FloatFlag{
			Name: "connects-per-address", Value: 10, Local: true, Sources: cli.EnvVars("PN_CONNECTS_PER_ADDRESS"),
			Usage: "`number` of new WebSockets a second from one address, four times as many at once",
		},
		&cli.IntFlag{
			Name: "messages-per-address", Value: 4000, Local: true, Sources: cli.EnvVars("PN_MESSAGES_PER_ADDRESS"),
			Usage: "`number` of messages a second from all WebSockets of one address, each delivery counted",
		},
		&cli.IntFlag{
			Name: "kilobytes-per-address", Value: 2048, Local: true, Sources: cli.EnvVars("PN_KILOBYTES_PER_ADDRESS"),
			Usage: "`KB` a second from all WebSockets of one address, each delivery counted",
		},
		&cli.IntFlag{
			Name: "connections", Value: 10_000, Local: true, Sources: cli.EnvVars("PN_CONNECTIONS"),
			Usage: "largest `number` of WebSockets, but no more than 80 % of the files that the process may open",
		},
		&cli.IntFlag{
			Name: "rooms", Value: 5000, Local: true, Sources: cli.EnvVars("PN_ROOMS"),
			Usage: "largest `number` of rooms",
		},
		&cli.IntFlag{
			Name: "queued", Value: 256, Local: true, Sources: cli.EnvVars("PN_QUEUED"),
			Usage: "largest size of what waits for all clients together, in `MB`",
		},
		&cli.FloatFlag{
			Name: "newcomers-per-room", Value: 5, Local: true, Sources: cli.EnvVars("PN_NEWCOMERS_PER_ROOM"),
			Usage: "`number` of clients a second that may enter a room in which they were not lately, after the first 16",
		},
		&cli.StringSliceFlag{
			Name: "trusted-proxy", Local: true, Sources: cli.EnvVars("PN_TRUSTED_PROXY"),
			Usage: "`network` of reverse proxies whose X-Forwarded-For tells who the client is, like 127.0.0.1 or 10.0.0.0/8 (repeatable)",
		},
	}
}

// limit reads the options of limitFlags into the configuration of the relay, which has
// its logger, and checks them.
func limit(c *cli.Command, config *relay.Config) error {
	var errs []error
	whole := func(name string) int {
		n := c.Int(name)
		if n < 1 {
			errs = append(errs, fmt.Errorf("%w: --%s must be at least 1", errUsage, name))
		}
		return n
	}
	perSecond := func(name string) float64 {
		n := c.Float(name)
		if !(n > 0) {
			errs = append(errs, fmt.Errorf("%w: --%s must be above 0", errUsage, name))
		}
		return n
	}
	config.ConnectionsPerAddress = whole("connections-per-address")
	config.ConnectsPerAddress = perSecond("connects-per-address")
	config.MessagesPerAddress = whole("messages-per-address")
	config.BytesPerAddress = whole("kilobytes-per-address") << 10
	config.Connections = min(whole("connections"), fileLimit()/10*8)
	config.Rooms = whole("rooms")
	config.QueuedBytes = whole("queued") << 20
	config.NewcomersPerRoom = perSecond("newcomers-per-room")

	trusted, err := networks(c, "trusted-proxy")
	config.Address = (&address.Resolver{Trusted: trusted, Logger: config.Logger}).Of
	return errors.Join(append(errs, err)...)
}
