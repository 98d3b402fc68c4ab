package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"

	"github.com/urfave/cli/v3"

	"perfect-negotiation/server/address"
	"perfect-negotiation/server/relay"
	"perfect-negotiation/server/site"
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
		&cli.IntFlag{
			Name: "downloads-per-address", Value: site.DownloadsPerAddress, Local: true, Sources: cli.EnvVars("PN_DOWNLOADS_PER_ADDRESS"),
			Usage: "largest `number` of files that one address downloads at once",
		},
		&cli.StringSliceFlag{
			Name: "trusted-proxy", Local: true, Sources: cli.EnvVars("PN_TRUSTED_PROXY"),
			Usage: "`network` of reverse proxies whose X-Forwarded-For tells who the client is, like 127.0.0.1 or 10.0.0.0/8 (repeatable)",
		},
		&cli.BoolFlag{
			Name: "proxy-protocol", Local: true, Sources: cli.EnvVars("PN_PROXY_PROTOCOL"),
			Usage: "take connections only from proxies that say who the client is in a PROXY protocol header; nobody else must reach the port",
		},
		&cli.StringFlag{
			Name: "public-url", Local: true, Sources: cli.EnvVars("PN_PUBLIC_URL"),
			Usage: "`URL` at which people reach the server, like https://example.org/app/; other hosts are refused (default: whatever they ask for)",
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
	whole("downloads-per-address")
	if _, err := publicURL(c); err != nil {
		errs = append(errs, err)
	}

	trusted, err := networks(c, "trusted-proxy")
	config.Address = (&address.Resolver{Trusted: trusted, Logger: config.Logger}).Of
	return errors.Join(append(errs, err)...)
}

// publicURL reads --public-url; nil: it is not given.
func publicURL(c *cli.Command) (*url.URL, error) {
	text := c.String("public-url")
	if text == "" {
		return nil, nil
	}
	u, err := site.ParsePublic(text)
	if err != nil {
		return nil, fmt.Errorf("%w: --public-url %w", errUsage, err)
	}
	return u, nil
}

// hosted reads how people and proxies reach the server: its URL, or nil, and what bounds
// connections that are no WebSockets, or nil if they are all those of a proxy.
func hosted(c *cli.Command) (*url.URL, func(net.Conn, http.ConnState), error) {
	public, err := publicURL(c)
	if err != nil || c.Bool("proxy-protocol") {
		return public, nil, err
	}
	trusted, err := networks(c, "trusted-proxy")
	v := newVisitors(c.Int("connections-per-address"), trusted)
	return public, v.state, err
}
