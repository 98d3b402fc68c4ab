package main

import (
	"context"
	"errors"
	"fmt"
	stdlog "log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"slices"
	"time"

	"github.com/urfave/cli/v3"

	"perfect-negotiation/negotiation"
	"perfect-negotiation/server/cluster"
	"perfect-negotiation/server/logs"
	"perfect-negotiation/server/metrics"
	"perfect-negotiation/server/relay"
	"perfect-negotiation/server/site"
	"perfect-negotiation/web"
)

// shutdownTimeout bounds the wait for clients and requests to end: the relay gives
// clients that do not answer 5 s.
const shutdownTimeout = 8 * time.Second

func serveFlags() []cli.Flag {
	return append([]cli.Flag{
		&cli.StringFlag{
			Name: "addr", Value: ":8080", Local: true, Sources: cli.EnvVars("PN_ADDR"),
			Usage: "`address` to listen on",
		},
		&cli.StringSliceFlag{
			Name: "origin", Local: true, Sources: cli.EnvVars("PN_ORIGIN"),
			Usage: "further `origin` whose pages may connect, like https://example.org; * is any (repeatable)",
		},
		&cli.IntFlag{
			Name: "peers-per-room", Value: 8, Local: true, Sources: cli.EnvVars("PN_PEERS_PER_ROOM"),
			Usage: "largest `number` of peers in a room",
		},
	}, slices.Concat(authFlags(), turnFlags(), clusterFlags(), limitFlags(), operateFlags(), tlsFlags())...)
}

// garbagePercent is how much garbage there may be, by what is in use, unless GOGC says so.
// Go's usual 100 takes 1 KB more for each connection, and 15 % less time to make one.
const garbagePercent = 50

func serve(ctx context.Context, c *cli.Command) error {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbagePercent)
	}
	config, servers, others, err := relayConfig(c)
	if err != nil {
		return err
	}
	log := config.Logger
	security, err := tlsSecurity(c, log)
	if err != nil {
		return err
	}
	turned, err := servers.start(&config, security.config, log)
	if err != nil {
		return err
	}
	if turned != nil {
		defer turned.Close()
	}
	node, err := connect(ctx, others)
	if err != nil {
		return err
	}
	if node != nil {
		config.Cluster = node
	}
	r := relay.New(config)
	if node != nil {
		if err := node.Serve(r); err != nil {
			return errors.Join(err, r.Shutdown(ctx))
		}
	}
	// The relay pings, and requests have their timeouts: TCP need not keep anything alive.
	listener, err := (&net.ListenConfig{KeepAlive: -1}).Listen(ctx, "tcp", c.String("addr"))
	if err != nil {
		return errors.Join(fmt.Errorf("listen on %s: %w (choose another with --addr)", c.String("addr"), err), r.Shutdown(ctx))
	}
	internal, err := serveInternal(ctx, c, metrics.Sources{Relay: r, TURN: turned, Certificates: security.served, Node: node}, log)
	if err != nil {
		return errors.Join(err, listener.Close(), r.Shutdown(ctx))
	}
	defer internal.Close()
	public, visitors, err := hosted(c)
	if err != nil {
		return err // unreachable: relayConfig has checked it
	}
	redirect, err := security.redirect(ctx, c, listener.Addr(), visitors, log)
	if err != nil {
		return errors.Join(err, listener.Close(), r.Shutdown(ctx))
	}
	defer redirect.Close()
	handler := site.New(site.Config{Relay: r, Logger: log, Downloads: c.Int("downloads-per-address"), Public: public, Unbuilt: !web.Built(), NoDemo: c.Bool("no-demo")})
	server := newServer(security.strict(handler), log)
	server.ConnState = visitors
	page := pageURL(security.scheme(), listener.Addr())
	if public != nil {
		page = public.String()
	}
	demo := "/polite and /impolite"
	if c.Bool("no-demo") {
		demo = "none"
	}
	log.Info("serving", "page", page, "demo", demo, "version", version(), "source", negotiation.Source[:8])
	ended := make(chan error, 1)
	go func() { ended <- security.serve(server, proxied(c, listener)) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	log.Info("shutting down")
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	err = errors.Join(r.Shutdown(closing), server.Shutdown(closing))
	if errors.Is(err, context.DeadlineExceeded) {
		log.Warn("connections that did not end were cut off")
		err = server.Close()
	}
	<-ended
	return err
}

// relayConfig reads the options of the relay, of the ICE servers and of the cluster, and
// checks all others.
func relayConfig(c *cli.Command) (relay.Config, turning, *cluster.Config, error) {
	config := relay.Config{
		Origins:      c.StringSlice("origin"),
		PeersPerRoom: c.Int("peers-per-room"),
		Version:      version(),
	}
	servers, err := readTURN(c)
	errs := []error{err, noArguments(c), checkAddress("addr", c.String("addr")), operate(c, &config)}
	errs = append(errs, admit(c, &config), limit(c, &config))
	if config.PeersPerRoom < 2 {
		errs = append(errs, fmt.Errorf("%w: --peers-per-room must be at least 2", errUsage))
	}
	for _, origin := range config.Origins {
		errs = append(errs, checkOrigin(origin))
	}
	others, err := clustered(c, config.Logger)
	return config, servers, others, errors.Join(append(errs, err)...)
}

// newServer returns a server that bounds the time of a request. Hijacked connections
// such as WebSockets have no deadline.
func newServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:        h,
		ReadTimeout:    10 * time.Second,
		WriteTimeout:   2 * time.Minute,
		IdleTimeout:    2 * time.Minute,
		MaxHeaderBytes: 16 << 10,
		ErrorLog:       stdlog.New(logs.Writer(log, "http"), "", 0),
	}
}

// pageURL returns the address at which a person on this machine finds the page.
func pageURL(scheme string, addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok || tcp.IP.IsUnspecified() {
		_, port, _ := net.SplitHostPort(addr.String())
		return scheme + "://localhost:" + port
	}
	return scheme + "://" + addr.String()
}
