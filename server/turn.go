package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"perfect-negotiation/negotiation/signaling/wire"
	"perfect-negotiation/server/relay"
	"perfect-negotiation/server/turn"
)

// turnFlags say how peers find a way where there is no direct one.
func turnFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{
			Name: "ice-server", Local: true, Sources: cli.EnvVars("PN_ICE_SERVER"),
			Usage: "STUN or TURN `URL` that peers are told, like stun:stun.example.org:3478 (repeatable)",
		},
		&cli.StringFlag{
			Name: "ice-username", Local: true, Sources: cli.EnvVars("PN_ICE_USERNAME"),
			Usage: "`name` for the TURN servers; every peer is told",
		},
		&cli.StringFlag{
			Name: "ice-credential", Local: true, Sources: cli.EnvVars("PN_ICE_CREDENTIAL"),
			Usage: "`password` for the TURN servers; every peer is told",
		},
		&cli.StringFlag{
			Name: "turn-secret-file", Local: true, Sources: cli.EnvVars("PN_TURN_SECRET_FILE"),
			Usage: "`file` with the secret of the TURN servers (coturn's static-auth-secret): each peer gets credentials of its own, which expire",
		},
		&cli.DurationFlag{
			Name: "turn-lifetime", Value: 10 * time.Minute, Local: true, Sources: cli.EnvVars("PN_TURN_LIFETIME"),
			Usage: "for how `long` these credentials are good; fresh ones are sent after half of it, and calls go on",
		},
		&cli.StringFlag{
			Name: "turn", Local: true, Sources: cli.EnvVars("PN_TURN"),
			Usage: "`address` for a TURN and STUN server of one's own, over UDP, TCP and, with a certificate, TLS, like :3478 (default: none)",
		},
		&cli.BoolFlag{
			Name: "turn-open", Local: true, Sources: cli.EnvVars("PN_TURN_OPEN"),
			Usage: "let everybody use it who gets into a room, and without --auth-secret-file everybody does",
		},
		&cli.StringSliceFlag{
			Name: "turn-public-ip", Local: true, Sources: cli.EnvVars("PN_TURN_PUBLIC_IP"),
			Usage: "`IP` at which others reach it: one of IPv4, one of IPv6, or both (default: that of --turn)",
		},
		&cli.StringFlag{
			Name: "turn-ports", Value: fmt.Sprintf("%d-%d", turn.DefaultMinPort, turn.DefaultMaxPort), Local: true, Sources: cli.EnvVars("PN_TURN_PORTS"),
			Usage: "`range` of UDP ports from which it relays",
		},
		&cli.IntFlag{
			Name: "turn-allocations-per-id", Value: turn.DefaultAllocationsPerID, Local: true, Sources: cli.EnvVars("PN_TURN_ALLOCATIONS_PER_ID"),
			Usage: "largest `number` of its ports that one peer has",
		},
		&cli.IntFlag{
			Name: "turn-allocations-per-address", Value: turn.DefaultAllocationsPerAddress, Local: true, Sources: cli.EnvVars("PN_TURN_ALLOCATIONS_PER_ADDRESS"),
			Usage: "largest `number` of its ports that one address has (in IPv6 one /64)",
		},
		&cli.IntFlag{
			Name: "turn-allocations", Value: turn.DefaultAllocations, Local: true, Sources: cli.EnvVars("PN_TURN_ALLOCATIONS"),
			Usage: "largest `number` of its ports in use",
		},
		&cli.IntFlag{
			Name: "turn-kilobytes-per-id", Value: turn.DefaultBytesPerID >> 10, Local: true, Sources: cli.EnvVars("PN_TURN_KILOBYTES_PER_ID"),
			Usage: "`KB` a second that it relays each way for one peer",
		},
		&cli.IntFlag{
			Name: "turn-kilobytes-per-address", Value: turn.DefaultBytesPerAddress >> 10, Local: true, Sources: cli.EnvVars("PN_TURN_KILOBYTES_PER_ADDRESS"),
			Usage: "`KB` a second that it relays each way for one address",
		},
		&cli.IntFlag{
			Name: "turn-kilobytes", Value: turn.DefaultBytes >> 10, Local: true, Sources: cli.EnvVars("PN_TURN_KILOBYTES"),
			Usage: "`KB` a second that it relays each way in all",
		},
	}
}

// turning is what turnFlags say.
type turning struct {
	told     wire.ICEServer // servers of others; no URLs: none
	lifetime time.Duration
	secret   turn.Secret  // nil: credentials do not expire
	own      *turn.Config // nil: there is no server of one's own
	host     string       // the name of its certificate, if known
}

// readTURN reads and checks the options of turnFlags.
func readTURN(c *cli.Command) (turning, error) {
	t := turning{
		told:     wire.ICEServer{URLs: c.StringSlice("ice-server"), Username: c.String("ice-username"), Credential: c.String("ice-credential")},
		lifetime: c.Duration("turn-lifetime"),
	}
	relays := slices.ContainsFunc(t.told.URLs, func(url string) bool { return strings.HasPrefix(url, "turn") })
	var errs []error
	wrong := func(format string, of ...any) {
		errs = append(errs, fmt.Errorf("%w: "+format, append([]any{errUsage}, of...)...))
	}
	if file := c.String("turn-secret-file"); file != "" {
		var err error
		t.secret, err = turn.ReadSecret(file)
		switch {
		case err != nil:
			wrong("--turn-secret-file: %w", err)
		case t.told.Username != "" || t.told.Credential != "":
			wrong("--turn-secret-file takes the place of --ice-username and --ice-credential")
		case !relays && c.String("turn") == "":
			wrong("--turn-secret-file needs --turn, or an --ice-server like turn:turn.example.org:3478")
		}
	}
	if len(t.told.URLs) > 0 {
		check := t.told
		if t.secret != nil {
			check.Username, check.Credential = t.secret.Credentials("id", time.Now())
		}
		errs = append(errs, checkICEServer(check))
	}
	if t.lifetime < time.Minute {
		wrong("--turn-lifetime must be at least 1m")
	}
	if c.String("turn") != "" {
		errs = append(errs, t.readOwn(c))
	} else if c.Bool("turn-open") || len(c.StringSlice("turn-public-ip")) > 0 {
		wrong("--turn-open and --turn-public-ip need --turn")
	}
	return t, errors.Join(errs...)
}

// readOwn reads and checks the options of a server of one's own.
func (t *turning) readOwn(c *cli.Command) error {
	var errs []error
	wrong := func(format string, of ...any) {
		errs = append(errs, fmt.Errorf("%w: "+format, append([]any{errUsage}, of...)...))
	}
	t.own = &turn.Config{Address: c.String("turn")}
	errs = append(errs, checkAddress("turn", t.own.Address))
	if !c.Bool("turn-open") && c.String("auth-secret-file") == "" {
		wrong("--turn needs --auth-secret-file, so that only who has a token may use it, or --turn-open")
	}

	if low, high, found := strings.Cut(c.String("turn-ports"), "-"); found {
		first, err := strconv.ParseUint(low, 10, 16)
		last, err2 := strconv.ParseUint(high, 10, 16)
		if err == nil && err2 == nil && first >= 1 && first <= last {
			t.own.MinPort, t.own.MaxPort = uint16(first), uint16(last)
		}
	}
	if t.own.MinPort == 0 {
		wrong("--turn-ports must be a range like 49152-50175, not %q", c.String("turn-ports"))
	}

	ips := c.StringSlice("turn-public-ip")
	if host, _, err := net.SplitHostPort(t.own.Address); err == nil && len(ips) == 0 {
		if ip, err := netip.ParseAddr(host); err == nil && !ip.IsUnspecified() {
			ips = []string{host}
		} else {
			wrong("--turn needs --turn-public-ip, the IP at which others reach it")
		}
	}
	families := map[bool]bool{}
	for _, text := range ips {
		ip, err := netip.ParseAddr(text)
		ip = ip.Unmap()
		if err != nil || ip.Zone() != "" || ip.IsUnspecified() || ip.IsMulticast() || families[ip.Is6()] {
			wrong("--turn-public-ip must be one IP of IPv4, one of IPv6, or both, not %q", text)
			continue
		}
		families[ip.Is6()] = true
		t.own.PublicIPs = append(t.own.PublicIPs, ip)
	}

	whole := func(name string) int {
		n := c.Int(name)
		if n < 1 {
			wrong("--%s must be at least 1", name)
		}
		return n
	}
	t.own.PerID = turn.Limit{Allocations: whole("turn-allocations-per-id"), Bytes: whole("turn-kilobytes-per-id") << 10}
	t.own.PerAddress = turn.Limit{Allocations: whole("turn-allocations-per-address"), Bytes: whole("turn-kilobytes-per-address") << 10}
	t.own.InAll = turn.Limit{Allocations: whole("turn-allocations"), Bytes: whole("turn-kilobytes") << 10}

	switch public, err := url.Parse(c.String("public-url")); { // it is checked elsewhere
	case err == nil && public.Hostname() != "":
		t.host = public.Hostname()
	case len(c.StringSlice("autocert")) > 0:
		t.host = c.StringSlice("autocert")[0]
	}
	return errors.Join(errs...)
}

// start starts the server of one's own, if there is one, and has the relay tell peers of
// all servers. The server is nil if there is none.
func (t turning) start(config *relay.Config, security *tls.Config, log *slog.Logger) (*turn.Server, error) {
	var server *turn.Server
	if t.own != nil {
		if t.secret == nil {
			t.secret = turn.NewSecret()
		}
		own := *t.own
		own.Secret, own.Logger = t.secret, log
		if security != nil {
			own.TLS = security.Clone()
			own.TLS.NextProtos = nil // it does not speak HTTP
		}
		var err error
		if server, err = turn.New(own); err != nil {
			return nil, fmt.Errorf("%w (see --turn)", err)
		}
		log.Info("serving TURN", "turn", server.TURN(t.host))
	}
	if t.secret == nil {
		if len(t.told.URLs) > 0 {
			config.ICEServers = []wire.ICEServer{t.told}
		}
		return server, nil
	}
	config.ICEServersFor = func(id string) ([]wire.ICEServer, time.Time) { return t.serversFor(id, server) }
	return server, nil
}

// serversFor returns the ICE servers for the peer with this id, and when they expire.
func (t turning) serversFor(id string, own *turn.Server) (servers []wire.ICEServer, expires time.Time) {
	expires = time.Now().Add(t.lifetime)
	name, password := t.secret.Credentials(id, expires)
	if len(t.told.URLs) > 0 {
		told := t.told
		if told.Username == "" {
			told.Username, told.Credential = name, password
		}
		servers = append(servers, told)
	}
	if own != nil {
		servers = append(servers, wire.ICEServer{URLs: own.STUN()}, wire.ICEServer{URLs: own.TURN(t.host), Username: name, Credential: password})
	}
	return servers, expires
}
